/** Requests of ordinary applications: values in several places, and whole requests as browsers and programs send them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Header, HttpRequest } from '../../engine/model.ts'
import { form, get, places, post } from './attacks.ts'

export type Benign = { readonly name: string; readonly request: HttpRequest }

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

export function benignValues(): readonly string[] {
  return readFileSync(join(import.meta.dirname, 'benign.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# Values'))
    .map((line) => bytes(line.replaceAll('␊', '\n')))
}

const { query, form: formPlace, JSON: json, multipart } = places
export const valuePlaces = { query: query!, form: formPlace!, JSON: json!, multipart: multipart! }

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'

/** Just these headers, as programs send them. */
const bare = (method: string, uri: string, headers: readonly Header[], body = '', protocol = 'HTTP/1.1'): HttpRequest => ({
  method,
  uri,
  protocol,
  headers: [['Host', 'api.shop.example'], ...headers],
  body,
})
const api = (method: string, uri: string, body: unknown, headers: readonly Header[] = []): HttpRequest => {
  const text = bytes(JSON.stringify(body))
  return bare(
    method,
    uri,
    [
      ['User-Agent', 'okhttp/4.12.0'],
      ['Accept', 'application/json'],
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Content-Length', String(text.length)],
      ['Authorization', 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl-_x'],
      ...headers,
    ],
    text,
  )
}
const graphql = (query: string, variables: unknown = {}): HttpRequest => api('POST', '/graphql', { query, variables })
const browser = (userAgent: string): HttpRequest => {
  const { headers, ...rest } = get('/')
  return { ...rest, headers: headers.map(([name, value]) => [name, name === 'User-Agent' ? userAgent : value]) }
}
const cookie = (value: string): HttpRequest => get('/account', [['Cookie', value]])

const agents = [
  firefox,
  safari,
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.80',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.39 Mobile Safari/537.36',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'curl/8.10.1',
  'Wget/1.24.5',
  'python-requests/2.32.3',
  'Go-http-client/2.0',
  'axios/1.7.7',
  'node',
  'kube-probe/1.31',
  'Prometheus/2.55.0',
  'GoogleHC/1.0',
  'ELB-HealthChecker/2.0',
  'Envoy/HC',
  'grpc-go/1.68.0',
  'Apache-HttpClient/4.5.14 (Java/21.0.5)',
  'Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)',
  'PostmanRuntime/7.42.0',
  'Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15',
]

const cookies = [
  'session=9f86d081884c7d659a2feaa0c55ad015; csrftoken=q1w2e3r4t5y6u7i8o9p0',
  '_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000001; _gat=1',
  '_ga_ABCDEF1234=GS1.1.1700000000.5.1.1700000100.60.0.0; _gcl_au=1.1.123456789.1700000000',
  '_fbp=fb.1.1700000000000.1234567890; _fbc=fb.1.1700000000000.IwAR0abc-DEF_ghi',
  '__utma=1.1234567890.1700000000.1700000000.1700000000.1; __utmz=1.1700000000.1.1.utmcsr=(direct)|utmccn=(direct)|utmcmd=(none)',
  'OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+12+2024+10%3A00%3A00+GMT%2B0100+(Central+European+Standard+Time)&version=202405.1.0&groups=C0001%3A1%2CC0002%3A0',
  'CookieConsent={stamp:%27abc123==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cver:1}',
  'ajs_user_id=%22ann-42%22; ajs_anonymous_id=%22550e8400-e29b-41d4-a716-446655440000%22',
  'mp_abc_mixpanel=%7B%22distinct_id%22%3A%20%2218c-0d%22%2C%22%24device_id%22%3A%20%2218c%22%2C%22%24initial_referrer%22%3A%20%22%24direct%22%7D',
  'amplitude_id=eyJkZXZpY2VJZCI6IjEyMyIsInVzZXJJZCI6bnVsbH0=',
  'intercom-session-x1=OUx0OE5nPT0tLXpZb0RDZz09--5f2c1e; intercom-id-x1=abc',
  '_hjSessionUser_123=eyJpZCI6IjEiLCJjcmVhdGVkIjoxNzAwMDAwMDAwMDAwLCJleGlzdGluZyI6dHJ1ZX0=',
  'connect.sid=s%3AabcDEF123.ghi%2BJKL%2F456; theme=dark',
  'laravel_session=eyJpdiI6IkFiQ2QiLCJ2YWx1ZSI6IkVmR2giLCJtYWMiOiIxMjM0In0%3D; XSRF-TOKEN=eyJpdiI6IngifQ%3D%3D',
  '_shop_session=BAh7B0kiD3Nlc3Npb25faWQGOgZFVEkiJTEyMw%3D%3D--0a1b2c3d',
  'JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9.node1',
  'ASP.NET_SessionId=abcdefghijklmnop; .ASPXAUTH=0123456789ABCDEF',
  'PHPSESSID=abc123def456ghi789; wordpress_test_cookie=WP+Cookie+check',
  'cart=[{"id":7,"n":2},{"id":9,"n":1}]',
  'prefs=lang:en|tz:Europe/Berlin|cur:EUR',
  'name=Ann%20O%27Brien; last=/items?sort=price&page=2',
  'token=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc-_d; remember=1',
]

const addresses = [
  '/',
  '/favicon.ico',
  '/robots.txt',
  '/sitemap.xml',
  '/.well-known/security.txt',
  '/.well-known/acme-challenge/abc_DEF-123',
  '/.well-known/openid-configuration',
  '/assets/index-BkX9s1.js',
  '/assets/app.css?v=1.2.3',
  '/static/fonts/inter.woff2',
  '/images/photo%20of%20Ann.jpg',
  '/caf%C3%A9/men%C3%BC',
  '/products/42/reviews?page=2&sort=-date',
  '/search?q=select+a+plan+from+our+union',
  '/search?q=O%27Brien',
  '/search?q=rock+%27n%27+roll',
  '/search?q=100%25+cotton',
  '/search?q=c%2B%2B+%26+c%23',
  '/search?q=%E5%B1%B1%E7%94%B0',
  '/search?q=a%20%3C%20b%20and%20c%20%3E%20d',
  '/login?next=%2Faccount%3Ftab%3Dorders%26page%3D2',
  '/login?next=https%3A%2F%2Fshop.example%2Fcart%3Fid%3D%252F7',
  '/oauth/authorize?client_id=web&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid%20email&state=x.y-z',
  '/oauth/authorize?client_id=cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2Fcb&code_challenge=abc-_123',
  '/oauth/callback?code=4%2F0AX4XfWh-abc&scope=email%20https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fuserinfo.email',
  '/api/v1/items?filter[price][gte]=10&filter[price][lte]=20',
  '/api/v1/items?fields=id,name,price&include=category,tags',
  '/api/items?price=5..10&match=any',
  '/api/items?sort=name:asc,price:desc&limit=20&offset=40',
  '/odata/Products?$filter=Price%20gt%2020%20and%20Name%20eq%20%27Tea%27&$orderby=Name%20desc&$top=10',
  '/odata/Orders(42)?$expand=Lines($select=Id,Qty)',
  "/odata/Customers('ALFKI')/Orders",
  '/prometheus/api/v1/query?query=sum(rate(http_requests_total%7Bjob%3D%22api%22%7D%5B5m%5D))%20by%20(code)',
  '/loki/api/v1/query_range?query=%7Bapp%3D%22shop%22%7D%20%7C%3D%20%22error%22&limit=100',
  '/kibana/app/discover?_g=(time:(from:now-15m,to:now))&_a=(query:(language:kuery,query:%27status:500%27))',
  '/_search?q=title:(tea%20OR%20coffee)',
  '/api/v1/namespaces/default/pods?labelSelector=app%3Dshop&watch=true',
  '/actuator/health/liveness',
  '/actuator/prometheus',
  '/healthz',
  '/metrics',
  '/collect?v=2&tid=G-ABC&gtm=45je4&_p=1700000000000&dl=https%3A%2F%2Fshop.example%2F%3Fa%3Db%26c%3Dd&dt=Shop%20%7C%20Home&sr=1920x1080',
  '/pixel.gif?e=pv&url=http%3A%2F%2Flocalhost%3A3000%2F&ref=',
  '/share?url=https%3A%2F%2Fexample.com%2Farticle%2F1&text=Read%20this%3A%20%22It%27s%20on%22',
  '/calendar?from=2024-01-01T00:00:00+01:00&to=2024-12-31',
  '/map?bbox=-0.489,51.28,0.236,51.686&zoom=10',
  '/img?w=200&h=100&fit=crop&src=https%3A%2F%2Fcdn.example%2Fa.jpg',
  '/unsubscribe?u=ann%2Bshop%40example.com&t=abc123==',
  '/page;v=1/item;id=2',
  '/a/b/c/d/e/f/g',
  '/wiki/C%2B%2B',
  '/wiki/Union_(set_theory)',
  '/wiki/AC/DC',
  '/docs/sql/select.html#from',
  '/files/report.v1.2.final.pdf',
  '/download?file=report%202024.pdf',
  '/view?path=/home/ann/notes.txt',
  '/view?doc=2024/q1/summary.docx',
]

const uploads: readonly Benign[] = ['photo.jpg', 'résumé - Ann O\'Neil.pdf', 'data (1).csv', 'archive.tar.gz', 'index.html', 'script.js', 'notes.md', 'my.asp.net.notes.txt'].map(
  (name) => ({
    name: `upload of ${name}`,
    request: post(
      '/upload',
      'multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW',
      [
        '------WebKitFormBoundary7MA4YWxkTrZu0gW',
        `Content-Disposition: form-data; name="file"; filename="${bytes(name)}"`,
        'Content-Type: application/octet-stream',
        '',
        'PK\x03\x04 \x00\x00 <script>in a file</script>',
        '------WebKitFormBoundary7MA4YWxkTrZu0gW--',
        '',
      ].join('\r\n'),
    ),
  }),
)

const programs: readonly HttpRequest[] = [
  api('POST', '/v1/orders', { customer: "Ann O'Brien", lines: [{ sku: 'A-1', n: 2 }], note: 'Leave at the door; ring twice.' }),
  api('PUT', '/v1/items/7', { title: '5" screen', tags: ['a/b', 'c&d'], price: 9.99, active: true, parent: null }),
  api('PATCH', '/v1/items/7', [{ op: 'replace', path: '/title', value: 'x' }, { op: 'remove', path: '/tags/0' }]),
  api('DELETE', '/v1/items/7', {}),
  api('POST', '/v1/search', { filter: { price: { gt: 5, lt: 10 }, name: { like: 'tea%' } }, order: ['name asc'] }),
  api('POST', '/v1/mongo', { price: { $gt: 5 }, tags: { $in: ['a', 'b'] } }),
  api('POST', '/products/_search', { query: { bool: { must: [{ match: { title: 'tea' } }], filter: [{ range: { price: { gte: 5 } } }] } }, aggs: { by: { terms: { field: 'brand' } } } }),
  api('POST', '/hooks/github', { ref: 'refs/heads/main', commits: [{ message: "Fix: don't drop table state (#12)", url: 'https://github.com/a/b/commit/1' }] }),
  api('POST', '/hooks/slack', { type: 'event_callback', event: { text: '<@U123> see <https://example.com|this>', ts: '1700000000.000100' } }),
  api('POST', '/hooks/stripe', { id: 'evt_1', object: 'event', data: { object: { id: 'ch_1', amount: 999, description: null } } }),
  api('POST', '/api/events', { events: [{ name: 'page_view', props: { url: 'http://localhost:3000/?a=1', title: 'Shop | Home', referrer: 'https://www.google.com/' } }] }),
  api('POST', '/sentry/envelope', { message: "TypeError: Cannot read properties of undefined (reading 'map')", culprit: 'render(app/main)', level: 'error' }),
  api('POST', '/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'Explain SELECT and UNION in SQL to a child. Use "quotes" and it\'s fine.' }] }),
  api('POST', '/v1/documents', { markdown: '# Plan\n\nUse `npm run build`; then deploy.\n\n| a | b |\n|---|---|\n' }),
  api('POST', '/v1/login', { username: 'ann@example.com', password: "p@ss'w0rd;--x" }),
  api('POST', '/v1/login', { email: 'ann@example.com', password: 'Tr0ub4dor&3$(x' }),
  api('POST', '/v1/i18n', { de: 'Straße & Größe', fr: "l'été", ja: '山田太郎', ar: 'محمد' }),
  api('POST', '/v1/graph', { expression: '2*x + 3*y <= 12 && x >= 0', vars: ['x', 'y'] }),
  api('POST', '/rpc', { jsonrpc: '2.0', method: 'getUser', params: { id: 7 }, id: 1 }),
  graphql('query { user(id: "1") { name email orders(first: 10) { edges { node { id } } } } }'),
  graphql('query Items($first: Int!, $after: String) { items(first: $first, after: $after) { id name } }', { first: 10, after: 'Y3Vyc29yOjE=' }),
  graphql('mutation { addComment(input: {text: "It\'s great; I\'d buy it again!", stars: 5}) { id } }'),
  graphql('{ __typename }'),
  graphql('query IntrospectionQuery { __schema { queryType { name } types { ...F } } } fragment F on __Type { kind name }'),
  bare('GET', '/healthz', [['User-Agent', 'kube-probe/1.31'], ['Accept', '*/*'], ['Connection', 'close']]),
  bare('HEAD', '/', [['User-Agent', 'curl/8.10.1'], ['Accept', '*/*']]),
  bare('OPTIONS', '/v1/items', [['Origin', 'https://app.example'], ['Access-Control-Request-Method', 'PUT'], ['Access-Control-Request-Headers', 'authorization,content-type,x-requested-with']]),
  bare('POST', '/pkg.Service/Method', [['Content-Type', 'application/grpc'], ['TE', 'trailers'], ['User-Agent', 'grpc-go/1.68.0']], '\0\0\0\0\x0c\x0a\x05hello\x12\x03ann', 'HTTP/2'),
  bare('GET', '/chat', [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='], ['Sec-WebSocket-Version', '13']]),
  bare('GET', '/video.mp4', [['Range', 'bytes=0-1048575'], ['If-Range', '"abc"'], ['User-Agent', safari]]),
  bare('GET', '/video.mp4', [['Range', 'bytes=0-1,5-9'], ['User-Agent', safari]]),
  bare('GET', '/manual.pdf', [['Range', 'bytes=0-9,20-29,40-49,60-69,80-89,99-100,200-'], ['User-Agent', firefox]]),
  bare('GET', '/javascript/document.cookie', [['User-Agent', firefox]]),
  bare('GET', '/directory?filter=(%26(objectCategory=person)(mail=*))', [['User-Agent', firefox]]),
  bare('GET', '/a', [['If-None-Match', 'W/"abc-123"'], ['If-Modified-Since', 'Tue, 12 Nov 2024 10:00:00 GMT'], ['User-Agent', firefox]]),
  bare('POST', '/log', [['Content-Type', 'text/plain'], ['User-Agent', 'vector/0.42']], '2024-11-12 10:00:00 INFO user=ann action="select plan" took=5ms; ok\nGET /items 200'),
  bare('POST', '/sendBeacon', [['Content-Type', 'text/plain;charset=UTF-8'], ['User-Agent', firefox]], '{"e":"click","x":10,"y":20,"t":"Don\'t miss <b>it</b>"}'),
  bare('PUT', '/bucket/photo.jpg', [['Content-Type', 'image/jpeg'], ['User-Agent', 'aws-sdk-js/3.6']], '\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xdb'),
  bare('PUT', '/blob', [['Content-Type', 'application/octet-stream']], '\0\x01\x02;|&`$(\xff\xfe<a>\'"--'),
  bare('POST', '/csv', [['Content-Type', 'text/csv']], 'id,name\n1,"O\'Brien, Ann"\n2,"a;b"\n'),
  bare('POST', '/yaml', [['Content-Type', 'application/yaml']], 'kind: Service\nmetadata:\n  name: shop\nspec:\n  ports: [{port: 80}]\n'),
  bare('POST', '/soap', [['Content-Type', 'text/xml; charset=utf-8'], ['SOAPAction', '"urn:getUser"']], '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><getUser><name>Ann O\'Brien &amp; Co</name></getUser></s:Body></s:Envelope>'),
  bare('POST', '/svg', [['Content-Type', 'image/svg+xml']], '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L10 10"/></svg>'),
  bare('POST', '/feed', [['Content-Type', 'application/atom+xml']], '<feed xmlns="http://www.w3.org/2005/Atom"><title>News; views</title><entry><id>urn:uuid:1</id></entry></feed>'),
  bare('POST', '/ndjson', [['Content-Type', 'application/x-ndjson']], '{"a":1}\n{"a":"it\'s"}\n'),
  bare('GET', '/', [['X-Forwarded-For', '203.0.113.7, 10.0.0.1'], ['X-Forwarded-Proto', 'https'], ['X-Request-Id', '550e8400-e29b-41d4-a716-446655440000'], ['Via', '1.1 proxy'], ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'], ['tracestate', 'a=b,c=d']]),
  bare('GET', '/', [['Cache-Control', 'no-cache'], ['Pragma', 'no-cache'], ['DNT', '1'], ['Sec-Fetch-Mode', 'navigate'], ['Sec-CH-UA', '"Chromium";v="131", "Not_A Brand";v="24"'], ['Priority', 'u=0, i'], ['Upgrade-Insecure-Requests', '1']]),
  bare('GET', '/', [['Authorization', 'Basic YW5uOnNlY3JldA=='], ['User-Agent', 'curl/8.10.1']]),
  bare('GET', '/', [['Authorization', 'Digest username="ann", realm="shop", nonce="abc==", uri="/", response="0a1b", qop=auth, nc=00000001, cnonce="x"']]),
  bare('GET', '/', [['Authorization', 'AWS4-HMAC-SHA256 Credential=AKIA/20241112/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0a1b2c']]),
  bare('PROPFIND', '/dav/', [['Depth', '1'], ['Content-Type', 'application/xml']], '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:allprop/></d:propfind>'),
  post('/checkout', form, 'name=Ann+O%27Brien&street=Stra%C3%9Fe+12&city=Berlin&note=Ring+twice%3B+leave+at+door&card=on&total=9%2C99+%E2%82%AC'),
  post('/checkout', form, 'csrf=abc%2B%2F%3D&items%5B0%5D%5Bid%5D=7&items%5B0%5D%5Bn%5D=2&coupon='),
  post('/login', form, 'username=ann&password=%27or%27maybe&remember=on'.replace('%27or%27maybe', 'b%40d%21p%25ss')),
  post('/settings', form, 'sql_mode=strict&theme=dark&signature=Best%2C%0D%0AAnn%0D%0A--%0D%0ASent+from+my+phone'),
  post('/contact', form, 'email=ann%40example.com&subject=Re%3A+order+%2312&message=Hi%2C%0D%0A%0D%0Awhere%27s+my+order%3F+I%27ve+been+waiting%3B+thanks%21%0D%0AAnn'),
  post('/saml/acs', form, 'SAMLResponse=PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm46b2FzaXM6bmFtZXM6dGM6U0FNTDoyLjA6cHJvdG9jb2wiPjwvc2FtbHA6UmVzcG9uc2U%2B&RelayState=%2Faccount'),
  post('/oauth/token', form, 'grant_type=authorization_code&code=abc.def-ghi&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&client_secret=s3cr3t%7Ex'),
  post('/upload/chunk?n=1&of=3', 'application/octet-stream', 'binary \x00\x01\x02'),
]

const referers = ['https://www.google.com/', 'https://www.google.com/search?q=o%27brien+%26+sons&hl=en', 'https://shop.example/search?q=select+a+plan+from+union&page=2', 'https://t.co/abc?amp=1', 'android-app://com.google.android.gm/', 'http://localhost:3000/', 'https://shop.example/a?b[]=1&c[d]=2#e'].map(
  (referer) => get('/items/7', [['Referer', referer]]),
)

export const benignRequests: readonly Benign[] = [
  ...agents.map((agent) => ({ name: `agent ${agent}`, request: browser(agent) })),
  ...cookies.map((value) => ({ name: `cookie ${value}`, request: cookie(value) })),
  ...addresses.map((uri) => ({ name: `GET ${uri}`, request: get(uri) })),
  ...uploads,
  ...programs.map((request) => ({ name: `${request.method} ${request.uri} ${request.body.slice(0, 60)}`, request })),
  ...referers.map((request) => ({ name: `Referer ${request.headers.at(-1)![1]}`, request })),
]
