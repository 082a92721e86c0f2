import t from 'tap'
import { asn } from './asn.ts'

t.test('RFC 7607 §2: AS 0 is never an AS number', async (t) => t.throws(() => asn(0), RangeError))
t.test('RFC 6793 §3: AS numbers are four octets', async (t) => {
  t.equal(asn(4294967295), 4294967295)
  for (const value of [-1, 1.5, 4294967296, Number.NaN]) t.throws(() => asn(value), RangeError)
})
