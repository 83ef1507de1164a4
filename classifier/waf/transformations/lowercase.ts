/** ASCII letters only: values are bytes. */
export const lowercase = (value: string): string =>
  /[\x80-\xff]/.test(value) ? value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : value.toLowerCase()
