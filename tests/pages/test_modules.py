"""Modules of JavaScript in one file."""

import pytest

from dispatcher.pages.modules import ModulesDiffer, joined


def test_each_module_stands_once_before_who_imports_it() -> None:
    modules = {
        "a.js": 'import { b } from "./b.js";\nimport {\n  c,\n  d,\n} from "./c.js";\n\nb(c, d);\n',
        "b.js": '// Says it.\n\nimport { c } from "./c.js";\n\nexport function b() {\n  return c;\n}\n',
        "c.js": "export const c = 1;\nexport async function d() {}\n",
        "unused.js": "export const c = 2;\n",
    }
    assert joined(modules, "a.js") == (
        "const c = 1;\nasync function d() {}\n\n// Says it.\n\n\nfunction b() {\n  return c;\n}\n\nb(c, d);\n"
    )


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ({}, "there is no module a.js"),
        ({"a.js": 'import { b } from "./b.js";\n'}, "there is no module b.js"),
        ({"a.js": 'import { b as c } from "./b.js";\n', "b.js": ""}, "a.js: import { b as c }"),
        ({"a.js": 'import "./b.js";\n', "b.js": ""}, 'a.js: import "./b.js"'),
        ({"a.js": 'import { b } from "b";\n'}, "a.js: import"),
        ({"a.js": "export default 1;\n"}, "a.js: export default"),
        ({"a.js": "const a = 1;\nexport { a };\n"}, "a.js: export { a }"),
        (
            {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'},
            "modules import one another",
        ),
        (
            {
                "a.js": 'import { b } from "./b.js";\nlet x = 1;\n',
                "b.js": "export const b = 1;\nfunction x() {}\n",
            },
            "more than one module has x",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(modules: dict[str, str], said: str) -> None:
    with pytest.raises(ModulesDiffer) as refused:
        joined(modules, "a.js")
    assert said in str(refused.value)
