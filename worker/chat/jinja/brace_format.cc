#include "worker/chat/jinja/brace_format.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Text = absl::string_view;

absl::Status Bad(Text what) {
  return absl::InvalidArgumentError(absl::StrCat("'format' does not support ", what));
}

// [[fill]align][sign][0][width][,][.precision][type]
struct Spec {
  Text fill = " ";
  char align = '\0';
  char sign = '-';
  int64_t width = 0;
  bool commas = false;
  int64_t precision = -1;
  char type = '\0';
};

bool IsAlign(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

int64_t TakeNumber(Text* text, int64_t otherwise) {
  int64_t value = otherwise;
  size_t digits = 0;
  while (digits < text->size() && digits < 9 && IsDigit((*text)[digits])) ++digits;
  if (digits > 0 && !absl::SimpleAtoi(text->substr(0, digits), &value)) value = otherwise;
  text->remove_prefix(digits);
  return value;
}

absl::StatusOr<Spec> ParseSpec(Text text) {
  Spec spec;
  size_t fill = 0;
  if (!text.empty()) NextCharacter(text, &fill);
  if (fill > 0 && fill < text.size() && IsAlign(text[fill])) {
    spec.fill = text.substr(0, fill);
    spec.align = text[fill];
    text.remove_prefix(fill + 1);
  } else if (!text.empty() && IsAlign(text[0])) {
    spec.align = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty() && absl::StrContains("+- ", text[0])) {
    spec.sign = text[0];
    text.remove_prefix(1);
  }
  if (absl::ConsumePrefix(&text, "0") && spec.align == '\0') {
    spec.fill = "0";
    spec.align = '=';
  }
  spec.width = TakeNumber(&text, 0);
  spec.commas = absl::ConsumePrefix(&text, ",");
  if (absl::ConsumePrefix(&text, ".")) spec.precision = TakeNumber(&text, 0);
  if (!text.empty()) {
    spec.type = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty() || spec.precision > 100) return Bad("this format specification");
  return spec;
}

std::string WithCommas(const std::string& digits) {
  const size_t whole = std::min(digits.find_first_not_of("0123456789"), digits.size());
  std::string out;
  for (size_t i = 0; i < whole; ++i) {
    if (i > 0 && (whole - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out + digits.substr(whole);
}

// The digits of a number without its sign.
absl::StatusOr<std::string> Digits(const Value& value, const Spec& spec) {
  const int precision = spec.precision < 0 ? 6 : static_cast<int>(spec.precision);
  const double number = std::fabs(value.number());
  switch (spec.type) {
    case 'f':
    case 'F':
      return absl::StrFormat("%.*f", precision, number);
    case 'e':
      return absl::StrFormat("%.*e", precision, number);
    case 'g':
      return absl::StrFormat("%.*g", precision, number);
    case '%':
      return absl::StrFormat("%.*f%%", precision, number * 100);
    default:
      break;
  }
  if (!value.is_integral()) {
    if (spec.type != '\0' || spec.precision >= 0) return Bad("this type for a float");
    return FloatText(number);
  }
  if (spec.precision >= 0) return Bad("a precision for an integer");
  const uint64_t size =
      value.integer() < 0 ? -static_cast<uint64_t>(value.integer()) : value.integer();
  if (spec.type == '\0' || spec.type == 'd') return absl::StrCat(size);
  if (spec.type == 'x') return absl::StrFormat("%x", size);
  if (spec.type == 'X') return absl::StrFormat("%X", size);
  if (spec.type == 'o') return absl::StrFormat("%o", size);
  return Bad("this type for an integer");
}

absl::StatusOr<std::string> Padded(Runtime& runtime, const Spec& spec, Text sign, Text body,
                                   char default_align) {
  const auto length = static_cast<int64_t>(CharacterCount(body) + sign.size());
  const int64_t padding = std::max<int64_t>(0, spec.width - length);
  RETURN_IF_ERROR(runtime.budget.Fits(static_cast<size_t>(padding), spec.fill.size()));
  const char align = spec.align == '\0' ? default_align : spec.align;
  const int64_t left = align == '<' ? 0 : align == '^' ? padding / 2 : padding;
  std::string before, after;
  for (int64_t i = 0; i < padding; ++i) absl::StrAppend(i < left ? &before : &after, spec.fill);
  if (align == '=') return absl::StrCat(sign, before, body);
  return absl::StrCat(before, sign, body, after);
}

absl::StatusOr<std::string> Format(Runtime& runtime, const Value& value, const Spec& spec) {
  const bool as_text = value.is_string();
  if (value.is_number() && (!value.is(Value::Kind::kBool) || spec.type != '\0')) {
    ASSIGN_OR_RETURN(std::string digits, Digits(value, spec));
    if (spec.commas) digits = WithCommas(digits);
    const bool negative = std::signbit(value.number());
    const Text sign = negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
    return Padded(runtime, spec, sign, digits, '>');
  }
  std::string text;
  RETURN_IF_ERROR(AppendStr(runtime, value, &text));
  if (!as_text && (spec.width != 0 || spec.align != '\0' || spec.type != '\0')) {
    return Bad(absl::StrCat("a specification for a ", TypeName(value)));
  }
  if ((spec.type != '\0' && spec.type != 's') || spec.align == '=' || spec.sign != '-') {
    return Bad("this type for a string");
  }
  Text part = text;
  if (spec.precision >= 0) {
    const std::vector<size_t> offsets = CharacterOffsets(text);
    part = part.substr(0, offsets[std::min<size_t>(spec.precision, offsets.size() - 1)]);
  }
  return Padded(runtime, spec, "", part, '<');
}

class Formatter {
 public:
  Formatter(Runtime* runtime, const Arguments& arguments)
      : runtime_(*runtime), arguments_(arguments) {}

  absl::StatusOr<Value> Run(Text text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const char c = text[at];
      if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
        out += c;
        at += 2;
      } else if (c == '{') {
        const size_t end = text.find('}', at);
        if (end == text.npos) return Bad("a '{' that is not closed");
        RETURN_IF_ERROR(AppendField(text.substr(at + 1, end - at - 1), &out));
        at = end + 1;
      } else if (c == '}') {
        return Bad("a '}' that closes nothing");
      } else {
        out += c;
        ++at;
      }
    }
    return runtime_.heap.String(std::move(out));
  }

 private:
  absl::Status AppendField(Text field, std::string* out) {
    if (absl::StrContains(field, '{')) return Bad("fields within fields");
    const size_t colon = field.find(':');
    ASSIGN_OR_RETURN(const Spec spec,
                     ParseSpec(colon == field.npos ? Text() : field.substr(colon + 1)));
    Text name = field.substr(0, colon);
    const bool repr = absl::ConsumeSuffix(&name, "!r");
    if (!repr && !absl::ConsumeSuffix(&name, "!s") && absl::StrContains(name, '!')) {
      return Bad("this conversion");
    }
    ASSIGN_OR_RETURN(Value value, Lookup(name));
    if (repr) {
      std::string text;
      RETURN_IF_ERROR(AppendRepr(runtime_, value, &text));
      ASSIGN_OR_RETURN(value, runtime_.heap.String(std::move(text)));
    }
    ASSIGN_OR_RETURN(const std::string text, Format(runtime_, value, spec));
    RETURN_IF_ERROR(runtime_.budget.Fits(1, out->size() + text.size()));
    out->append(text);
    return absl::OkStatus();
  }

  // name(.attribute|[key])*
  absl::StatusOr<Value> Lookup(Text path) {
    const size_t end = std::min(path.find_first_of(".["), path.size());
    ASSIGN_OR_RETURN(Value value, First(path.substr(0, end)));
    Text rest = path.substr(end);
    while (!rest.empty()) {
      const bool attribute = rest[0] == '.';
      const size_t close =
          attribute ? std::min(rest.find_first_of(".[", 1), rest.size()) : rest.find(']');
      if (close == rest.npos) return Bad("a '[' that is not closed");
      const Text key = rest.substr(1, close - 1);
      int64_t index = 0;
      if (attribute) {
        ASSIGN_OR_RETURN(value, GetAttribute(runtime_, value, key));
      } else {
        const bool is_index = absl::SimpleAtoi(key, &index);
        ASSIGN_OR_RETURN(
            value, GetItem(runtime_, value, is_index ? Value::Int(index) : Value::String(key)));
      }
      rest.remove_prefix(close + (attribute ? 0 : 1));
    }
    return value;
  }

  absl::StatusOr<Value> First(Text name) {
    size_t index = next_;
    if (name.empty()) {
      ++next_;
    } else if (!absl::SimpleAtoi(name, &index)) {
      for (const auto& [own, value] : arguments_.named) {
        if (own == name) return value;
      }
      return absl::InvalidArgumentError(absl::StrCat("'format' is not given '", name, "'"));
    }
    if (index < arguments_.positional.size()) return arguments_.positional[index];
    return absl::InvalidArgumentError("'format' is given too few values");
  }

  Runtime& runtime_;
  const Arguments& arguments_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<Value> BraceFormat(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return Formatter(&runtime, arguments).Run(self.text());
}

}  // namespace ropewalk::jinja
