/** The two AssemblyScript types the signatures use, as Node's side sees them. Erased before anything runs. */
declare type i32 = number
declare type bool = boolean
