/** What classifiers ask: everything they need to judge what sidecars show them. */
import { z } from 'zod'
import type { InspectionSet } from '../../policy/sensor.ts'
import { newsRoute, wholeNumber } from './route.ts'

export const classifierRoutes = {
  readInspectionSet: newsRoute({
    path: '/inspection',
    summary: 'Profiles in force and the sensors they name, whole (`parseInspectionSet` reads it)',
    query: z.strictObject({ wait: wholeNumber(0, 30).default(0) }),
    answer: z.custom<InspectionSet>(),
  }),
}
