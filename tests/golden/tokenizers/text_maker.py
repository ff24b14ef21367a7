"""Makes texts for tokenizers to disagree on: many scripts, code, emoji, controls, odd spaces, written-out tokens."""

import random

SCRIPTS = [
    "a rope walk is the long shed where strands are laid into rope and the rope is as long as its walk",
    "it's they'd we've you'll I'm they're CAN'T We'Ll o'clock don't 'tis rock'n'roll",
    "Eine Reeperbahn ist die Bahn auf der Seile geschlagen werden Größe Maß Übung naïve façade Ærø Łódź",
    "канатный двор это место где вьют канаты из прядей ёлка Їжак",
    "το σχοινί πλέκεται σε μακρύ υπόστεγο ΆΈΉ ΐ ς",
    "الحبل طويل مثل الممشى يُجدَل في السقيفة ١٢٣",
    "החבל ארוך כמו המסלול שָׁלוֹם עֲלֵיכֶם",
    "रस्सी लंबे छप्पर में बुनी जाती है क्षेत्र ज़्यादा १२३",
    "เชือกถูกฟั่นในโรงยาว น้ำ กำลัง ๑๒๓",
    "縄は長い小屋で作られる 縄を作る人は歩きながら縄をなう ガギグ ヴァ",
    "绳子在长棚里制成 绳索 一二三 龥 㐀 𠀀 𪛖",
    "밧줄은 긴 건물에서 만든다 한국어 각 ᄀ ᅡ ᆨ",
    "def lay(strands: int = 3) -> str: return f'{rope}' * strands # x != y && z >>= 2; /* ... */ <div class=\"a\">",
    "1234567890 3.14159 1,000,000 0x7fff 1e-10 ½ ² Ⅻ ① 𝟘𝟙",
]
MARKS = [chr(c) for c in (0x301, 0x300, 0x308, 0x323, 0x327, 0x345, 0x5B4, 0x64E, 0x94D, 0xE48, 0x20E3, 0x3099, 0x1AB0)]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\r", "\u00a0", "\u2003", "\u3000", "\u2028", "\u202f", "\u1680",
          "\u200b", "\ufeff", "\u180e", "\u0085", "\u000b", " \n ", "\n \n", "\t\t"]
EMOJI = ["👍🏽", "👩‍👩‍👧", "🇩🇪", "❤️", "🏴\U000e0067\U000e0062\U000e007f", "👨🏿‍💻", "☎", "1️⃣", "\U0001fae8", "\U0001fadf"]
ODD = ["\u0000", "\u0001", "\u001b[0m", "\u007f", "\ufffd", "\ue000", "\U0010ffff", "\U000f0000", "ﬁ", "Å", "Å", "ſ", "İ", "ı",
       "ẞ", "ϓ", "½", "㍿", "㋿", "ﷺ", "Ａｂｃ", "ｶﾞ", "각", "\u1161", "\u11a8", "\u0344", "\U0001d15e", "\u0f73",
       "\u09c7\u09be", "\u0cc6\u0cc2\u0cd5", "\u0dd9\u0dcf", "\U00011131\U00011127", "\u2126", "\u1e9b\u0323"]
MARKERS = ["▁", "▁▁", "Ġ", "Ċ", "<0x0A>", "<0xE7>", "</w>", "##"]


class TextMaker:
    def __init__(self, seed, tokens=()):
        self.random = random.Random(seed)
        self.words = [word for script in SCRIPTS for word in script.split(" ")]
        self.scripts = [script.split(" ") for script in SCRIPTS]
        self.tokens = list(tokens)

    def piece(self):
        r = self.random
        kind = r.random()
        if kind < 0.45:
            return r.choice(self.words)
        if kind < 0.72:
            return r.choice(SPACES) if kind > 0.6 else " "
        if kind < 0.76:
            return r.choice("!?.,;:()[]{}<>-_=+*/\\|@#$%^&~`'\"") * r.choice([1, 1, 1, 2, 3])
        if kind < 0.79:
            return r.choice(MARKS)
        if kind < 0.82:
            return r.choice(EMOJI)
        if kind < 0.85:
            return r.choice(ODD)
        if kind < 0.88:
            return "".join(r.choice("0123456789") for _ in range(r.randint(1, 8)))
        if kind < 0.90:
            return r.choice(MARKERS)
        if kind < 0.94 and self.tokens:
            token = r.choice(self.tokens)
            return token if r.random() < 0.8 else token[:r.randint(0, len(token))]
        if kind < 0.97:
            return self.any_character()
        return r.choice(self.words).upper()

    def any_character(self):
        r = self.random
        while True:
            code = r.randrange(r.choice([0x80, 0x800, 0x3000, 0x10000, 0x32000, 0x110000]))
            if not 0xD800 <= code < 0xE000:
                return chr(code)

    def text(self):
        r = self.random
        if r.random() < 0.3:  # in one script, as people write
            return " ".join(r.choice(r.choice([self.scripts[r.randrange(len(self.scripts))]]))
                            for _ in range(r.randint(1, 30)))
        return "".join(self.piece() for _ in range(r.randint(0, 40)))
