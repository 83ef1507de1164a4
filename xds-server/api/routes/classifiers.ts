/** What classifiers are told: nothing here changes anything. */
import type { classifierRoutes } from '../contract/classifiers.ts'
import type { HandlersOf } from '../handler.ts'

export const classifierHandlers: HandlersOf<typeof classifierRoutes> = {
  readInspectionSet: {
    now: (backend) => {
      const { etag, set } = backend.inspectionSet()
      return { etag, value: set }
    },
    watch: (backend, listener) => backend.watchInspectionSet(listener),
  },
}
