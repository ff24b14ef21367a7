"""Generated expressions and small templates, many of them wrong: what Jinja makes of each is in chat.json."""

NAMES = ["x", "y", "s", "e", "u", "l", "d", "t", "n", "messages", "tools", "missing", "d.a", "d['b']", "messages[0].content",
         "messages[-1]['role']", "tools[0].function", "l[0]", "d.missing", "messages[1].tool_calls[0].function.arguments"]
LITERALS = ["0", "1", "-3", "2", "10", "2.5", "1e3", "1e-7", "0x1f", "1_000", "''", "'a'", "'ab c'", "\"it's\"", "'\\n\\t\\x41\\u00e9'",
            "'<&>'", "'Größe'", "true", "false", "none", "[]", "[1, 'a', 2.0]", "(1,)", "(1, 2)", "()", "{}", "{'k': 1, 'j': [2]}",
            "{1: 'one', none: 2}", "['b', 'A', 'c']", "[3, 1, 2]", "'a' 'b'", "'a,b,,c'", "'  pad '", "'{}-{}'", "'%s=%d'", "'12'", "'x1.5'"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "**"]
FILTERS = ["trim", "upper", "lower", "title", "capitalize", "length", "count", "string", "int", "float", "abs", "round", "round(1)",
           "round(2, 'floor')", "round(method='ceil')", "list", "first", "last", "reverse", "reverse|list", "sort", "sort(reverse=true)",
           "unique|list", "join", "join(', ')", "join('-', attribute='role')", "tojson", "tojson(indent=2)", "tojson(indent=0)",
           "tojson(sort_keys=true)", "tojson(separators=(',', ':'))", "tojson(ensure_ascii=true)", "default('D')", "default('D', true)", "d(1)",
           "replace('a', 'b')", "replace('a', 'xyz', 1)", "replace('', '.')", "indent", "indent(2, true)", "indent(width='> ', blank=true)",
           "items|list", "dictsort", "dictsort(by='value')", "dictsort(true, reverse=true)", "map('upper')|list", "map(attribute='role')|list",
           "map(attribute='a.b', default='q')|join(',')", "select|list", "select('string')|list", "reject('none')|list",
           "selectattr('role', 'equalto', 'user')|list|length", "rejectattr('tool_calls', 'defined')|map(attribute='content')|join('/')",
           "select('in', [1, 'a'])|list", "map('int')|sum", "min", "max", "sum", "sum(start=5)", "batch(2)|list", "batch(2, 0)|list",
           "wordcount", "truncate(5)", "truncate(7, true, '')", "escape", "safe", "e ~ '<'", "center(9)", "format(1, 2)", "format('a')",
           "trim('a ')", "int(9)", "int(base=16)", "float('f')", "length is odd"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping", "iterable",
         "sequence", "callable", "odd", "even", "divisibleby 3", "divisibleby(2)", "lower", "upper", "eq 1", "equalto('a')", "ne 2",
         "lt 5", "gt(2)", "le 3", "ge 2.5", "in [1, 'a', none]", "sameas true", "sameas none", "not defined", "not none", "not in 'abc'",
         "escaped", "== 7", "filter"]
METHODS = ["strip()", "strip('a ')", "lstrip()", "rstrip('\\n')", "upper()", "lower()", "title()", "capitalize()", "swapcase()",
           "split()", "split(',')", "split(',', 1)", "split(sep=' ')", "rsplit(' ', 1)", "rsplit('o')", "split('')", "splitlines()",
           "splitlines(true)", "startswith('a')", "startswith((' ', 'b'))", "endswith('\\n')", "startswith('o', 1)", "replace('a', 'b')",
           "replace('o', '0', 1)", "find('o')", "find('z')", "rfind('o')", "find('o', 2)", "index('z')", "count('o')", "count('')",
           "join(['x', 'y'])", "join(l)", "join(d)", "format(1, 2)", "format('a', b=2)", "isdigit()", "isalpha()", "isalnum()", "isspace()",
           "isupper()", "islower()", "zfill(6)", "ljust(6, '.')", "rjust(6)", "center(7, '*')", "partition(',')", "rpartition('o')",
           "removeprefix(' ')", "removesuffix('e')", "casefold()", "items()", "keys()", "values()", "keys()|list", "values()|list",
           "items()|list", "get('b')", "get('zz')", "get('zz', 5)", "get('b', 5)", "append(1)", "pop()", "update({})", "copy()",
           "index(1)", "count(1)", "nothing()", "nothing", "0", "items", "strip", "real", "sort()", "clear", "copy", "a", "b"]
SUBSCRIPTS = ["[0]", "[-1]", "[5]", "['a']", "['role']", "[1:]", "[:-1]", "[::-1]", "[1:3]", "[::2]", "[-3:-1]", "[5:1:-2]", "[:2]", "[2:9]",
              "[none:]", "['items']", "['upper']", "[true]", "[1.0]", "[::0]", "[-9:9]", "['0']", "[:]", "[x]", "[(1, 2)]"]

STATEMENTS = [
    "{% for i in E %}{{ i }},{% else %}none{% endfor %}",
    "{% for i in E %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }};{% endfor %}",
    "{% for i in E if i %}{{ loop.index0 }}:{{ i }}{{ loop.revindex0 }} {% endfor %}",
    "{% for a, b in E %}{{ a }}={{ b }} {% endfor %}",
    "{% for k, v in d.items() %}{{ k }}{{ v }}{% if loop.last %}.{% endif %}{% endfor %}{{ E }}",
    "{% for i in l %}{{ loop.previtem }}<{{ i }}<{{ loop.nextitem }} {% endfor %}{{ E }}",
    "{% for i in l %}{% if i == E %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in l %}{% if i == 1 %}{% continue %}{% endif %}{{ i ~ E }}{% endfor %}",
    "{% for i in l %}{% for j in l %}{{ loop.index * i }}{{ loop.depth }} {% endfor %}{{ loop.cycle('a', 'b') }}{% endfor %}{{ E }}",
    "{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}{{ E }}",
    "{% set v = E %}{{ v }}{% for i in l %}{% set v = i %}{{ v }}{% endfor %}{{ v }}",
    "{% set ns = namespace(v=E) %}{% for i in l %}{% set ns.v = i %}{% endfor %}{{ ns.v }}{{ ns.w is defined }}",
    "{% set a, b = E %}{{ a }}{{ b }}",
    "{% set a, b = E, 2 %}{{ a }}{{ b }}",
    "{% set v %} x{{ E }} {% endset %}[{{ v }}]{{ v is string }}",
    "{% set v | trim | upper %} x{{ E }} {% endset %}[{{ v }}]",
    "{% if E %}yes{% elif t %}elif{% else %}no{% endif %}",
    "{% if not E and x > 1 or n is none %}yes{% else %}no{% endif %}",
    "{{ E if E else 'other' }}",
    "{{ E if missing }}",
    "{% macro m(a, b=2, c='q') %}({{ a }},{{ b }},{{ c }}){% endmacro %}{{ m(E) }}{{ m(1, c=E) }}{{ m() }}",
    "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, E, k=2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, E) }}",
    "{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}{{ E }}",
    "{% macro m(t) %}<{{ caller(t) }}>{% endmacro %}{% call(z) m(E) %}{{ z }}!{% endcall %}",
    "{% filter upper %}a{{ E }}{% endfilter %}",
    "{% with a = E, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
    "  {% if t %}\n  a {{ E }}\n  {% endif %}\nb",
    "  {%+ if t %}\n  a\n  {%- endif +%}\nb {{- E -}} c",
    "{# c #}\n  {# d -#}  \n x {#- e #} {{ E }}",
    "{% raw %}{{ x }}{% endraw %}{{ E }}\n",
    "a\n{%- for i in l -%}\n {{ i }}\n{%- endfor %}\n\n{{ E }}\n\n",
    "{{ '%s|%r|%5.1f|%03d' % (E, E, 2, 7) }}",
    "{{ '%s' % E }}",
    "{{ '{:>6}|{:<4}|{:^5}|{!r}'.format(E, 'a', 'b', 'c') }}",
    "{{ dict(a=E)|tojson }}{{ dict({'b': 1}, c=2) }}",
    "{{ range(E) | list }}{{ range(1, 7, 2) }}{{ range(3)|list }}{{ range(5, 0, -2)[1] }}",
    "{{ [E, E]|tojson }}{{ (E, 1)|string }}",
    "{{ E == E }}{{ E != 1 }}{{ E in [E] }}",
    "{{ 1 < x < 9 == true }}{{ E }}",
    "{{ -x ** 2 }}{{ (-x)|abs }}{{ -x|abs }}{{ E }}",
    "{{ not E is defined }}{{ E is not none }}",
    "{%- set j = joiner('; ') %}{% for i in l %}{{ j() }}{{ i }}{% endfor %}{{ E }}",
    "{% generation %}{{ E }}{% endgeneration %}",
    "{{ raise_exception(E) if E is none else strftime_now('%d %b %Y') }}",
    "{{ messages|map(attribute='role')|join(',') }}{{ messages|length }}{{ E }}",
    "{% for m in messages[::-1] %}{{ m.role }}{{ loop.index }}{% endfor %}{{ E }}",
    "{% for m in messages %}{{ m.content if m.content is string else m|tojson }}{% endfor %}{{ E }}",
    "{% set ns.x = E %}", "{% set missing.x = 1 %}", "{{ E", "{% if E %}", "{{ E }}}", "{% endfor %}", "{{ E | nosuch }}", "{{ (E }}", "{{ E + }}",
]


def expression(rng, depth=0):
    kind = rng.randrange(12 if depth < 3 else 2)
    if kind == 0:
        return rng.choice(NAMES)
    if kind == 1:
        return rng.choice(LITERALS)
    inner = expression(rng, depth + 1)
    if kind in (2, 3):
        return f"{inner} {rng.choice(BINARY)} {expression(rng, depth + 1)}"
    if kind in (4, 5):
        return f"{inner}|{rng.choice(FILTERS)}"
    if kind == 6:
        return f"{inner} is {rng.choice(TESTS)}"
    if kind in (7, 8):
        return f"({inner}).{rng.choice(METHODS)}"
    if kind == 9:
        return f"({inner}){rng.choice(SUBSCRIPTS)}"
    if kind == 10:
        return f"({inner})"
    return f"not {inner}"


def generated_sources(rng):
    """Every filter, test, method and subscript on values of many kinds; operators between them; statements; and random ones."""
    sources = []
    operands = ["x", "y", "s", "u", "l", "d", "n", "missing", "'a,b'", "[]", "['b', 'A']", "(1, 2)"]
    for suffixes, form in ((FILTERS, "{{ %s|%s }}"), (TESTS, "{{ %s is %s }}"), (METHODS, "{{ (%s).%s }}"), (SUBSCRIPTS, "{{ (%s)%s }}")):
        for suffix in suffixes:
            sources += [form % (operand, suffix) for operand in rng.sample(operands, 7)]
    for operator in BINARY:
        for _ in range(16):
            sources.append("{{ %s %s %s }}" % (rng.choice(NAMES + LITERALS), operator, rng.choice(NAMES + LITERALS)))
    for statement in STATEMENTS:
        sources += [statement.replace("E", rng.choice(NAMES + LITERALS)) for _ in range(6)]
        sources += [statement.replace("E", expression(rng, 2)) for _ in range(5)]
    sources += ["{{ %s }}" % expression(rng) for _ in range(1500)]
    return list(dict.fromkeys(sources))
