/** Documents with something of every detector in them. The values are published examples or made up here. */
import { gzipSync } from 'node:zlib'
import { tokenChecksum } from '../checksums.ts'

const random30 = 'zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ'
const jwt =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${`${'MIIEowIBAAKCAQEA'.repeat(4)}\n`.repeat(6)}-----END RSA PRIVATE KEY-----`
export const githubToken = `ghp_${random30}${tokenChecksum(random30)}`

const numbers = `Order 536904399, all of it paid with card 4111 1111 1111 1111, then 378282246310005; not 0.4111111111111111 nor 41111111111111111.
IBAN DE89 3704 0044 0532 0130 00, GB82WEST12345698765432. SSN 536-90-4399, social security 536904399.
ITIN 912-70-1234. Routing number 021000021. NINO AB123456C and AB 12 34 56 C. SIN: 123 456 782.
NHS number 943 476 5919, patient. NPI 1234567893. Medicare 1EG4-TE5-MK73. Aadhaar 2341 2341 2346.
CPF 529.982.247-25. DNI 12345678Z, NIE X1234567L. PESEL 44051401359. VIN 1M8GDM9AXKP042788 here.
`
const secrets = `mail jane.doe@example.com, call +49 30 901820 or phone (415) 555-2671.
Authorization: Bearer ${jwt}
aws AKIAIOSFODNN7EXAMPLE ${githubToken} https://bob:s3cr3t-pw@db.example.com:5432/x
${pem}
`

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')

export const documents: Readonly<Record<string, Buffer>> = {
  numbers: Buffer.from(numbers),
  secrets: Buffer.from(secrets),
  escaped: Buffer.from(`{"card":"\\u0034111\\n4111111111111111","x":"%34%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31 50% \\u00e9 \\\\"}`),
  form: Buffer.from('a=1&card=4111%201111%201111%201111&mail=jane.doe%40example.com&b=%E4%BD%A0'),
  base64: Buffer.from(`before ${base64('the card is 4111111111111111 ok')} after\n${base64(numbers).replace(/.{76}/g, '$&\r\n')}\r\n`),
  utf16: utf16('Card 4111 1111 1111 1111 é, mail jane.doe@example.com'),
  nothing: Buffer.from('The quick brown fox, 12 times, since 2019 2020 2021 2022 4111111111111112.'),
}

const zipped: Buffer = gzipSync(documents.numbers!)
