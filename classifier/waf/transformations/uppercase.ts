/** ASCII letters only: values are bytes. */
export const uppercase = (value: string): string =>
  /[\x80-\xff]/.test(value) ? value.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : value.toUpperCase()
