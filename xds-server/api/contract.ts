/**
 * The contract of `/api/v1`: every route with what it takes and answers, once, for the server, the CLI and the browser.
 * Promises: what is not in here is not served, and what is served is judged by it. Knows no socket and no database, so
 * it runs in a browser.
 */
import { classifierRoutes } from './contract/classifiers.ts'
import { groupRoutes } from './contract/groups.ts'
import { historyRoutes } from './contract/history.ts'
import { observedRoutes } from './contract/observed.ts'
import { proxyRoutes } from './contract/proxies.ts'
import { ruleRoutes } from './contract/rules.ts'
import { sensorAndInspectionRoutes } from './contract/sensors.ts'
import { settingsRoutes } from './contract/settings.ts'
import { transferRoutes } from './contract/transfer.ts'
import { whyRoutes } from './contract/why.ts'

export const routes = {
  ...groupRoutes,
  ...ruleRoutes,
  ...sensorAndInspectionRoutes,
  ...settingsRoutes,
  ...observedRoutes,
  ...whyRoutes,
  ...proxyRoutes,
  ...historyRoutes,
  ...transferRoutes,
  ...classifierRoutes,
}
export type Routes = typeof routes
export type RouteName = keyof Routes
