/** Answers that tell too much, and answers that do not. */
import type { HttpResponse } from '../../engine/model.ts'

const answer = (body: string, type = 'text/html; charset=utf-8', status = 200): HttpResponse => ({
  status,
  headers: [['Content-Type', type]],
  body: Buffer.from(body, 'utf8').toString('latin1'),
})
const plain = (body: string, status = 500): HttpResponse => answer(body, 'text/plain', status)
const json = (value: unknown): HttpResponse => answer(JSON.stringify(value), 'application/json')

export const leaks: Readonly<Record<string, HttpResponse>> = {
  'an error of MySQL': answer("You have an error in your SQL syntax; check the manual near ''' at line 1"),
  'an error of SQL Server': answer('Unclosed quotation mark after the character string'),
  'an error of PostgreSQL, in JSON': json({ error: 'ERROR: syntax error at or near "FROM"' }),
  'an error of Oracle': answer('ORA-00933: not properly ended'),
  'an error of PDO': plain('SQLSTATE[42000]: wrong'),
  'an error of SQLite': plain('near "FROM": syntax error'),
  'a trace of Java': plain('java.lang.NullPointerException\n\tat com.acme.Shop.buy(Shop.java:42)\n\tat com.acme.Main.main(Main.java:7)'),
  'a thread of Java': plain('Exception in thread "main" x'),
  'a trace of Python': plain('Traceback (most recent call last):\n  File "/app/shop.py", line 7, in buy\nKeyError: 1'),
  'the debugger of Django': answer("<p>You're seeing this error because you have <code>DEBUG = True</code>"),
  'a warning of PHP': answer('<b>Warning</b>:  Undefined variable $x in <b>/var/x.php</b> on line <b>3</b>'),
  'an error of PHP': plain('PHP Fatal error: Uncaught Error in /srv/a.php on line 3'),
  'a page of ASP.NET': answer("<h1>Server Error in '/' Application.</h1>"),
  'a trace of .NET': plain('Boom\n   at System.String.Concat(String a)'),
  'a trace of Node.js': plain('TypeError: x is not a function\n    at buy (/srv/app/shop.js:7:13)\n    at node:internal/main:1:1'),
  'a trace of Ruby': plain("app/models/shop.rb:7:in `buy'"),
  'a panic of Go': plain('panic: runtime error: index out of range'),
  'a trace of Go': plain('goroutine 1 [running]:\nmain.main()'),
  'a panic of Rust': plain("thread 'main' panicked at src/main.rs:7"),
  'a listing of Apache': answer('<html><head><title>Index of /backup</title>'),
  'a listing of Python': answer('<h1>Directory listing for /</h1>'),
  'a listing of IIS': answer('<A HREF="/">[To Parent Directory]</A>'),
  phpinfo: answer('<title>phpinfo()</title>'),
  'source of PHP': plain('<?php $db = 1;', 200),
  'the file of users': plain('root:x:0:0:root:/root:/bin/bash\n', 200),
  'a private key': plain('-----BEGIN RSA PRIVATE KEY-----\nMIIE', 200),
  'settings of a repository': plain('[core]\n\trepositoryformatversion = 0\n', 200),
  'a password of settings': plain('DB_PASSWORD=hunter2\n', 200),
  'a web shell': answer('<title>WSO 4.2 shell</title>'),
  'the answer of a command': plain('uid=33(www-data) gid=33(www-data) groups=33(www-data)', 200),
}

export const answers: Readonly<Record<string, HttpResponse>> = {
  'a page': answer('<!doctype html><title>Shop</title><script src="/app.js"></script><p onclick="x()">It\'s on</p>'),
  'a page about SQL': answer('<h1>SELECT, INSERT and UNION</h1><p>Syntax errors near a comma are common.'),
  'a page about errors': answer('<h1>Exceptions</h1><p>Catch them at <code>main()</code>. A stack trace helps.'),
  'a page of an error': answer('<h1>500</h1><p>Something went wrong. Incident 7f3a.', 'text/html', 500),
  'an error in JSON': json({ error: { code: 'not_found', message: "There is no item '7'" } }),
  'a list in JSON': json([{ id: 1, name: "O'Brien" }, { id: 2, path: '/var/data' }]),
  'a script': answer('function a(){throw new Error("x")}', 'text/javascript'),
  'a feed': answer('<?xml version="1.0"?><rss><channel><title>Index of things</title></channel></rss>', 'text/xml'),
  'a text': plain('at noon (see shop.java): ok', 200),
  'a certificate': plain('-----BEGIN CERTIFICATE-----\nMIIE', 200),
  'a public key': plain('-----BEGIN PUBLIC KEY-----\nMIIE', 200),
}
