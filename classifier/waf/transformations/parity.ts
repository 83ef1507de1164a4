/** The eighth bit of every byte is set so that the number of ones is even, odd, or is cleared. */
export const parityEven7bit = (value: string): string => mapped(value, (byte) => byte | (odd(byte) << 7))
export const parityOdd7bit = (value: string): string => mapped(value, (byte) => byte | ((odd(byte) ^ 1) << 7))
export const parityZero7bit = (value: string): string => mapped(value, (byte) => byte)

const mapped = (value: string, change: (byte: number) => number): string =>
  Buffer.from(Buffer.from(value, 'latin1').map((byte) => change(byte & 0x7f))).toString('latin1')

/** 1 when the number of ones is odd. */
function odd(byte: number): number {
  const half = byte ^ (byte >> 4)
  return (0x6996 >> (half & 15)) & 1
}
