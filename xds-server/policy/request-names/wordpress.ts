/** WordPress: administration, login, content and its REST API. */
import type { Signature } from './signature.ts'
import { request } from './signature.ts'

export const wordpress: Signature = [
  request({
    paths: [
      '/wp-admin/*',
      '/wp-login.php',
      '/wp-json/*',
      '/wp-content/*',
      '/wp-includes/*',
      '/wp-cron.php',
      '/wp-signup.php',
      '/xmlrpc.php',
    ],
  }),
]
