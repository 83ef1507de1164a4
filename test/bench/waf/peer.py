"""libmodsecurity as a peer: reads lines of JSON from standard input, answers each with a line.

First {"rules": [{"file": ...} | {"text": ...}]}, then {"requests": [...]}: the CPU seconds of judging them all
and the ids that matched in the last one; with "each": [id ...], for each of them the ids that matched and the messages
of those ids. Values are latin1 text, one character a byte.
"""
import json
import sys
import time

import libmodsecurity


def octets(text):
    return text.encode("latin1")


def judge(engine, rules, request):
    t = libmodsecurity.Transaction(engine, rules)
    t.process_connection("10.0.0.7", 40000, "10.0.0.1", 80)
    t.process_uri(octets(request["uri"]), octets(request["method"]), request["protocol"].removeprefix("HTTP/"))
    for name, value in request["headers"]:
        t.add_request_header(octets(name), octets(value))
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


def found(t, told):
    messages = t.get_rule_messages()
    return {
        "ids": [m.rule_id for m in messages],
        "messages": {m.rule_id: m.message for m in messages if m.rule_id in told},
    }


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
        question = json.loads(line)
        requests, told = question["requests"], question.get("each")
        for request in requests:
            request["raw"] = octets(request["body"])
            if "response" in request:
                request["response"]["raw"] = octets(request["response"]["body"])
        start = time.process_time()
        judged = [] if told is not None else None
        for request in requests:
            t = judge(engine, rules, request)
            if judged is not None:
                judged.append(found(t, told))
        seconds = time.process_time() - start
        if judged is not None:
            print(json.dumps({"seconds": seconds, "each": judged}), flush=True)
            continue
        ids = [m.rule_id for m in t.get_rule_messages()]
        print(json.dumps({"seconds": seconds, "ids": ids}), flush=True)
    engine.set_log_callback(None)  # without it the library crashes when the process ends


main()
