import { inside } from '../layout.ts'
import type { App, PodView } from './app.ts'

/** The web server people come to: a page, and /api of the app server. */
export const yelbUi: App = {
  name: 'yelb-ui',
  namespace: 'yelb',
  labels: { app: 'yelb-ui', tier: 'frontend' },
  image: 'postern-lab/yelb-ui:1',
  ports: [{ port: 80, protocol: 'tcp', name: 'http' }],
  sidecar: 'managed',
  replicas: 1,
  maxReplicas: 10,
  uid: 14762,
  user: 'nginx',
  files: (pod) => ({ 'nginx.conf': { content: configuration(pod) }, 'tmp/.keep': { content: '' } }),
  command: () => ['nginx', '-e', 'stderr', '-p', inside.home, '-c', `${inside.home}/nginx.conf`],
}

/**
 * The app server is asked for by name at every request (a variable makes nginx resolve again), so that a new address of
 * it is found. The request's URI is handed on as it came: what is refused behind is not nginx's doing.
 */
function configuration({ dns }: PodView): string {
  const { home, apps } = inside
  return `
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  server_tokens off;
  default_type text/html;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${home}/tmp;`).join('\n  ')}
  resolver ${dns} valid=2s ipv6=off;
  server {
    listen 80;
    listen [::]:80;
    root ${apps}/yelb-ui;
    location /api {
      set $appserver yelb-appserver.yelb.svc.cluster.local;
      proxy_pass http://$appserver:4567$request_uri;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $appserver:4567;
      proxy_connect_timeout 5s;
      proxy_read_timeout 15s;
    }
  }
}
`
}
