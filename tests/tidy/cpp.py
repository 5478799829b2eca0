"""Just enough C++ for the lint: code without comments and literals, and the extent of each function."""
import re

TOKEN = re.compile(r"""
    //[^\n]* | /\*.*?\*/                                   # comments
  | (?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"   # raw strings
  | "(?:[^"\\\n]|\\.)*"                                    # strings
  | (?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.[^'\n]*)'              # characters, not digit separators
""", re.VERBOSE | re.DOTALL)
SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b|^\s*extern\s*\"\"")
QUALIFIER = re.compile(r"(?:\)|\bconst|\bnoexcept|\boverride|\bfinal|\btry|&|\))\s*$")


def strip(text):
    """`text` with comments and literals blanked; lines keep their numbers. Include lines are kept as they are."""
    def blank(match):
        found = match[0]
        if found.startswith(("//", "/*")):
            return re.sub(r"[^\n]", "", found)
        quote = "'" if found.endswith("'") else '"'
        return quote + re.sub(r"[^\n]", "", found) + quote
    return TOKEN.sub(blank, text)


def kind_of(head):
    """What a brace opens, from the text in front of it: 'scope', 'function' or 'value'."""
    head = re.sub(r"^\s*#[^\n]*$", "", head, flags=re.MULTILINE).strip()
    if "(" not in head:
        return "scope" if SCOPE.search(head) else "value"
    if head.endswith(("=", ",", "(", "return")):
        return "value"
    if QUALIFIER.search(head) or re.search(r"\)[^()]*->[^;=]*$", head):
        return "function"
    if head.endswith("}") and re.search(r"\)\s*(?:noexcept\s*)?:[^:]", head):
        return "function"                       # a constructor after its list of members
    if SCOPE.search(head):
        return "scope"
    if re.search(r"\brequires\b", head) and not re.search(r":\s*\w+$", head):
        return "function"
    return "value"


def functions(code):
    """(head, first line, last line) of every function defined at namespace or class level; `code` is stripped."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", lambda m: re.sub(r"[^\n]", "", m[0]), code, flags=re.MULTILINE)
    stack, start = [], 0                        # stack of (kind, head, position of head)
    for brace in re.finditer(r"[{};]|\b(?:public|private|protected)\s*:(?!:)", code):
        inside = any(kind in ("function", "value") for kind, _, _ in stack)
        symbol, at = brace[0], brace.start()
        if symbol == "{":
            head = code[start:at]
            kind = "value" if inside else kind_of(head)
            lead = len(head) - len(head.lstrip())
            stack.append((kind, " ".join(head.split())[:80], start + lead))
            if kind != "value":
                start = brace.end()
        elif symbol == "}":
            kind, head, position = stack.pop() if stack else ("scope", "", at)
            if kind == "function":
                yield head, code.count("\n", 0, position) + 1, code.count("\n", 0, at) + 1
            if kind != "value":
                start = brace.end()
        elif not inside:
            start = brace.end()
