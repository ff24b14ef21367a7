#include "worker/chat/jinja/text.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

// Refuses when `out` has outgrown what the rendering may make.
absl::Status CheckLength(Runtime& runtime, const std::string& out) {
  RETURN_IF_ERROR(runtime.budget.Step());
  return runtime.budget.Fits(out.size(), 1);
}

void AppendQuoted(absl::string_view text, std::string* out) {
  const bool has_single = text.find('\'') != text.npos;
  const char quote = has_single && text.find('"') == text.npos ? '"' : '\'';
  *out += quote;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCharacter(text, &at);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      *out += '\\';
      *out += static_cast<char>(c);
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\r') {
      *out += "\\r";
    } else if (c == '\t') {
      *out += "\\t";
    } else if (IsPrintable(c)) {
      AppendUtf8(c, out);
    } else if (c < 0x100) {
      absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned>(c));
    } else if (c < 0x10000) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      absl::StrAppendFormat(out, "\\U%08x", static_cast<unsigned>(c));
    }
  }
  *out += quote;
}

absl::Status AppendItems(Runtime& runtime, const std::vector<Value>& items, std::string* out,
                         int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) *out += ", ";
    RETURN_IF_ERROR(AppendRepr(runtime, items[i], out, depth + 1));
  }
  return absl::OkStatus();
}

absl::Status AppendSequence(Runtime& runtime, const Value& value, std::string* out, int depth) {
  const Sequence& sequence = value.sequence();
  switch (value.kind()) {
    case Value::Kind::kRange:
      absl::StrAppend(out, "range(", sequence.start, ", ", sequence.stop);
      if (sequence.step != 1) absl::StrAppend(out, ", ", sequence.step);
      *out += ')';
      return absl::OkStatus();
    case Value::Kind::kTuple:
      *out += '(';
      RETURN_IF_ERROR(AppendItems(runtime, sequence.items, out, depth));
      *out += sequence.items.size() == 1 ? ",)" : ")";
      return absl::OkStatus();
    default:
      absl::StrAppend(out, sequence.view, sequence.view.empty() ? "[" : "([");
      RETURN_IF_ERROR(AppendItems(runtime, sequence.items, out, depth));
      *out += sequence.view.empty() ? "]" : "])";
      return absl::OkStatus();
  }
}

absl::Status AppendDict(Runtime& runtime, const Dict& dict, std::string* out, int depth) {
  *out += '{';
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    if (i > 0) *out += ", ";
    RETURN_IF_ERROR(AppendRepr(runtime, dict.entries[i].first, out, depth + 1));
    *out += ": ";
    RETURN_IF_ERROR(AppendRepr(runtime, dict.entries[i].second, out, depth + 1));
  }
  *out += '}';
  return absl::OkStatus();
}

}  // namespace

std::string FloatText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char buffer[64];
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr;
  std::string text(buffer, end);
  if (plain && text.find('.') == text.npos) text += ".0";
  return text;
}

std::string Escape(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

absl::Status AppendRepr(Runtime& runtime, const Value& value, std::string* out, int depth) {
  RETURN_IF_ERROR(CheckLength(runtime, *out));
  if (depth > kMaxValueDepth) {
    return absl::InvalidArgumentError("values are nested too deeply to be printed");
  }
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kUndefined:
      *out += "Undefined";
      return absl::OkStatus();
    case Value::Kind::kNone:
      *out += "None";
      return absl::OkStatus();
    case Value::Kind::kBool:
      *out += value.boolean() ? "True" : "False";
      return absl::OkStatus();
    case Value::Kind::kInt:
      absl::StrAppend(out, value.integer());
      return absl::OkStatus();
    case Value::Kind::kFloat:
      *out += FloatText(value.number());
      return absl::OkStatus();
    case Value::Kind::kString:
      RETURN_IF_ERROR(runtime.budget.Scan(value.text().size()));
      if (value.is_markup()) *out += "Markup(";
      AppendQuoted(value.text(), out);
      if (value.is_markup()) *out += ')';
      return absl::OkStatus();
    case Value::Kind::kList:
    case Value::Kind::kTuple:
    case Value::Kind::kRange:
    case Value::Kind::kView:
      return AppendSequence(runtime, value, out, depth);
    case Value::Kind::kDict:
      return AppendDict(runtime, value.dict(), out, depth);
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "printing a ", TypeName(value), " is not supported: its text has an address in it"));
  }
}

absl::Status AppendStr(Runtime& runtime, const Value& value, std::string* out) {
  if (value.is(Value::Kind::kUndefined)) return absl::OkStatus();
  if (!value.is_string()) return AppendRepr(runtime, value, out);
  RETURN_IF_ERROR(runtime.budget.Scan(value.text().size()));
  absl::StrAppend(out, value.text());
  return absl::OkStatus();
}

absl::StatusOr<Value> Str(Runtime& runtime, const Value& value) {
  if (value.is_string()) return value;
  std::string text;
  RETURN_IF_ERROR(AppendStr(runtime, value, &text));
  return runtime.heap.String(std::move(text));
}

}  // namespace ropewalk::jinja
