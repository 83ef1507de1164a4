/** `+` is a blank, `%hh` a byte; what is not well formed stays. */
export const urlDecode = (value: string): string =>
  /[%+]/.test(value)
    ? value
        .replaceAll('+', ' ')
        .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : value
