/**
 * What Node calls of libinjection (compiled into one Wasm module by scripts/libinjection.sh). The caller writes its bytes at `input`,
 * which holds `capacity()` of them, and asks. The verdicts are libinjection's own; the other functions show the tokens
 * that its tests ask for. No imports, no heap: everything is static, so that a module belongs to one thread.
 */
#define NDEBUG
#include "libinjection_sqli.c"
#include "libinjection_html5.c"
/* both readers have a TYPE_NONE of their own */
#define TYPE_NONE XSS_TYPE_NONE
#include "libinjection_xss.c"

/* libc's own would import a source of random bytes for its guard */
unsigned long __stack_chk_guard = 0x5aa5c33c;
void __stack_chk_fail(void) { __builtin_trap(); }

#define EXPORT(name) __attribute__((export_name(#name)))

/* The readers look a few bytes past their text's end at times: zeros, not what the last caller left there. */
static char input[CAPACITY + 8];
static char fingerprint[8];
static struct libinjection_sqli_state sql;
static h5_state_t html;

EXPORT(input) char *input_address(void) { return input; }
EXPORT(capacity) size_t input_capacity(void) { return CAPACITY; }
EXPORT(version) const char *version(void) { return libinjection_version(); }

static const char *text(size_t length) {
  memset(input + length, 0, 8);
  return input;
}

/** Where the fingerprint stands, ended by a zero byte, or 0. */
EXPORT(sqli) const char *sqli(size_t length) {
  return libinjection_sqli(text(length), length, fingerprint) ? fingerprint : 0;
}

EXPORT(xss) int xss(size_t length) { return libinjection_xss(text(length), length); }

/** As libinjection's own tests read SQL. */
EXPORT(sql_start) void sql_start(size_t length) {
  libinjection_sqli_init(&sql, text(length), length, FLAG_QUOTE_NONE | FLAG_SQL_ANSI);
}

/** The next token, or 0. */
EXPORT(sql_next) const stoken_t *sql_next(void) { return libinjection_sqli_tokenize(&sql) ? sql.current : 0; }

/** How many tokens are left of all of them. */
EXPORT(sql_fold) int sql_fold(void) { return libinjection_sqli_fold(&sql); }
EXPORT(sql_folded) const stoken_t *sql_folded(int index) { return libinjection_sqli_get_token(&sql, index); }

EXPORT(html_start) void html_start(size_t length) { libinjection_h5_init(&html, text(length), length, DATA_STATE); }
EXPORT(html_next) int html_next(void) { return libinjection_h5_next(&html); }
EXPORT(html_type) int html_type(void) { return html.token_type; }
EXPORT(html_token) const char *html_token(void) { return html.token_start; }
EXPORT(html_length) size_t html_length(void) { return html.token_len; }
