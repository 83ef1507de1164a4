/** Letters, digits and `*` stay, a blank is `+`, any other byte `%hh`. */
export const urlEncode = (value: string): string =>
  value.replace(/[^0-9A-Za-z*]/g, (text) =>
    text === ' ' ? '+' : `%${text.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
