/**
 * Rules of CRS 3.3 (as in Debian) that ask for what this engine does not do. Whatever the load, they are left out and told
 * of, so that the other rules can be had. CRS 4 asks for none of it.
 */
export const dispensableRules: ReadonlySet<number> = new Set([
  910_100, // @geoLookup: where an address is. Inert unless tx.high_risk_country_codes is set
  910_140, // @rbl: a DNS list. Inert unless a key for it is set
  920_120, // a look-behind. What it looks for in names of files our multipart reader flags, too
  920_480, // a macro within a pattern: which character sets may be sent
  920_600, // possessive repetition: a strict grammar of Accept
  942_130, // a look-ahead and references back, level 2
  942_260, // possessive repetition, level 2
  953_120, // a look-ahead: PHP source in an answer
])
