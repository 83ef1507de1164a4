/** Every detector that needs no configuration, in the order people think of them. */
import { aadhaar } from './detectors/aadhaar.ts'
import { aba } from './detectors/aba.ts'
import { basicAuth } from './detectors/basic-auth.ts'
import { card } from './detectors/card.ts'
import { checksummedToken } from './detectors/checksummed-token.ts'
import { cpf } from './detectors/cpf.ts'
import { email } from './detectors/email.ts'
import { iban } from './detectors/iban.ts'
import { itin } from './detectors/itin.ts'
import { jwt } from './detectors/jwt.ts'
import { mbi } from './detectors/mbi.ts'
import { nhs } from './detectors/nhs.ts'
import { nif } from './detectors/nif.ts'
import { nino } from './detectors/nino.ts'
import { npi } from './detectors/npi.ts'
import { pesel } from './detectors/pesel.ts'
import { phone } from './detectors/phone.ts'
import { privateKey } from './detectors/private-key.ts'
import { sin } from './detectors/sin.ts'
import { ssn } from './detectors/ssn.ts'
import { vendorKeys } from './detectors/vendor-key.ts'
import { vin } from './detectors/vin.ts'
import type { Detector } from './model.ts'

export const detectors: readonly Detector[] = [
  card,
  iban,
  aba,
  ssn,
  itin,
  sin,
  nino,
  nhs,
  npi,
  mbi,
  aadhaar,
  cpf,
  nif,
  pesel,
  vin,
  email,
  phone,
  jwt,
  privateKey,
  basicAuth,
  checksummedToken('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_']),
  checksummedToken('npm-token', ['npm_']),
  ...vendorKeys,
]
