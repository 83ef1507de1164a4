"""libmodsecurity as a peer: reads lines of JSON from standard input, answers each with a line.

First {"rules": [{"file": ...} | {"text": ...}]}, then {"requests": [...]}: the CPU seconds of judging them all
and the ids that matched in the last one. Values are latin1 text, one character a byte.
"""
import json
import sys
import time

import libmodsecurity


def judge(engine, rules, request):
    t = libmodsecurity.Transaction(engine, rules)
    t.process_connection("10.0.0.7", 40000, "10.0.0.1", 80)
    t.process_uri(request["uri"], request["method"], request["protocol"].removeprefix("HTTP/"))
    for name, value in request["headers"]:
        t.add_request_header(name, value)
    t.process_request_headers()
    if request["raw"]:
        t.append_request_body(request["raw"])
    t.process_request_body()
    response = request.get("response")
    if response:
        for name, value in response["headers"]:
            t.add_response_header(name, value)
        t.process_response_headers(response["status"], "HTTP/1.1")
        t.append_response_body(response["raw"])
        t.process_response_body()
    t.process_logging()
    return t


def main():
    engine = libmodsecurity.ModSecurity()
    engine.set_log_callback(lambda line: None)
    rules = libmodsecurity.RulesSet()
    for part in json.loads(sys.stdin.readline())["rules"]:
        loaded = rules.load_from_uri(part["file"]) if "file" in part else rules.load(part["text"])
        if loaded < 0:
            raise SystemExit(rules.get_parser_error())
    print("{}", flush=True)
    for line in sys.stdin:
        requests = json.loads(line)["requests"]
        for request in requests:
            request["raw"] = request["body"].encode("latin1")
            if "response" in request:
                request["response"]["raw"] = request["response"]["body"].encode("latin1")
        start = time.process_time()
        for request in requests:
            t = judge(engine, rules, request)
        seconds = time.process_time() - start
        ids = [m.rule_id for m in t.get_rule_messages()]
        print(json.dumps({"seconds": seconds, "ids": ids}), flush=True)


main()
