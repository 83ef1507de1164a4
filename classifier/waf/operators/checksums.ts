/** The checks behind `@verify…`. Each looks at the digits only, whatever stands between them. */

const digitsOf = (text: string): number[] => Array.from(text.matchAll(/\d/g), ([digit]) => Number(digit))
const weighted = (digits: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + weight * digits[at]!, 0)
const isOneDigitRepeated = (digits: readonly number[]): boolean => new Set(digits).size === 1

/** Luhn's formula (ISO/IEC 7812-1, annex B). */
export function isCardNumber(text: string): boolean {
  const digits = digitsOf(text).reverse()
  const sum = digits.reduce(
    (total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit),
    0,
  )
  return digits.length > 0 && sum % 10 === 0
}

/** Brazil: 9 digits and two that check them, modulo 11. */
export function isCpf(text: string): boolean {
  const digits = digitsOf(text)
  if (digits.length !== 11 || isOneDigitRepeated(digits)) return false
  const check = (length: number): number => {
    const rest =
      (weighted(
        digits,
        Array.from({ length }, (_, at) => length + 1 - at),
      ) *
        10) %
      11
    return rest === 10 ? 0 : rest
  }
  return check(9) === digits[9] && check(10) === digits[10]
}

/** Austria's insurance number: the fourth digit checks the others, modulo 11. */
export function isSvnr(text: string): boolean {
  const digits = digitsOf(text)
  return digits.length === 10 && weighted(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === digits[3]
}

/** Numbers printed in advertisements and so never anybody's. */
const advertised = ['078051120', '219099999', '457555462']

/** United States, as ModSecurity checks it: with the areas given out before 2011. */
export function isSsn(text: string): boolean {
  const digits = digitsOf(text)
  return isUsId(text) && !isOneDigitRepeated(digits) && !advertised.includes(digits.join(''))
}

/** The parts only: area 001-739 without 666, group and serial not zero, and not a run such as 123456789. */
export function isUsId(text: string): boolean {
  const digits = digitsOf(text).join('')
  const [area, group, serial] = [digits.slice(0, 3), digits.slice(3, 5), digits.slice(5)].map(Number)
  const isRun = '0123456789'.includes(digits) || '9876543210'.includes(digits)
  return digits.length === 9 && area! > 0 && area! < 740 && area !== 666 && group! > 0 && serial! > 0 && !isRun
}

/** Chile: weights 2 to 7 from the right, modulo 11; the check may be K. */
export function isRut(text: string): boolean {
  const [, number, check] = /^(\d+)([\dk])$/.exec(text.toLowerCase().replace(/[^\dk]/g, '')) ?? []
  if (number === undefined) return false
  const sum = digitsOf(number)
    .reverse()
    .reduce((total, digit, at) => total + digit * (2 + (at % 6)), 0)
  return '0123456789k'[(11 - (sum % 11)) % 11] === check
}
