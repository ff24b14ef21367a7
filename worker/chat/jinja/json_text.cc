#include "worker/chat/jinja/json_text.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/order.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Text = absl::string_view;

class Writer {
 public:
  Writer(Runtime* runtime, const std::vector<Value>& arguments)
      : runtime_(*runtime), arguments_(arguments) {}

  absl::Status ReadOptions();
  absl::Status Write(const Value& value, int depth);
  std::string Take() { return std::move(out_); }

 private:
  absl::Status ReadIndent(const Value& indent);
  void WriteText(Text text);
  absl::Status WriteNumber(const Value& value);
  absl::Status WriteList(const std::vector<Value>& items, int depth);
  absl::Status WriteDict(const Dict& dict, int depth);
  absl::Status WriteKey(const Value& key);
  void NewLine(int depth);

  Runtime& runtime_;
  const std::vector<Value>& arguments_;
  bool ascii_ = false, pretty_ = false, sort_keys_ = false;
  std::string indent_, comma_ = ", ", colon_ = ": ";
  std::string out_;
};

absl::Status Writer::ReadIndent(const Value& indent) {
  if (indent.is_absent() || indent.is(Kind::kNone)) return absl::OkStatus();
  pretty_ = true;
  comma_ = ",";
  if (indent.is_string()) {
    indent_ = std::string(indent.text());
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t width, IntOf("tojson", indent));
  if (width > 1000) return absl::InvalidArgumentError("'tojson' indents by 1000 at most");
  indent_.assign(std::max<int64_t>(0, width), ' ');
  return absl::OkStatus();
}

absl::Status Writer::ReadOptions() {
  const auto is_true = [&](size_t i) { return !arguments_[i].is_absent() && Truth(arguments_[i]); };
  ascii_ = is_true(0);
  sort_keys_ = is_true(3);
  RETURN_IF_ERROR(ReadIndent(arguments_[1]));
  const Value& separators = arguments_[2];
  if (separators.is_absent() || separators.is(Kind::kNone)) return absl::OkStatus();
  if (!separators.is_sequence() || separators.sequence().items.size() != 2) {
    return absl::InvalidArgumentError("'tojson' takes two separators");
  }
  ASSIGN_OR_RETURN(const Text comma, TextOf("tojson", separators.sequence().items[0]));
  ASSIGN_OR_RETURN(const Text colon, TextOf("tojson", separators.sequence().items[1]));
  comma_ = std::string(comma);
  colon_ = std::string(colon);
  return absl::OkStatus();
}

void Writer::WriteText(Text text) {
  out_ += '"';
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCharacter(text, &at);
    static constexpr Text kNamed = "\"\\\n\r\t\b\f";
    static constexpr Text kEscapes = "\"\\nrtbf";
    const size_t named = c < 0x80 ? kNamed.find(static_cast<char>(c)) : Text::npos;
    if (named != Text::npos && c != 0) {
      out_ += '\\';
      out_ += kEscapes[named];
    } else if (c >= 0x10000 && ascii_) {
      const char32_t rest = c - 0x10000;
      absl::StrAppendFormat(&out_, "\\u%04x\\u%04x", static_cast<unsigned>(0xD800 + (rest >> 10)),
                            static_cast<unsigned>(0xDC00 + (rest & 0x3FF)));
    } else if (c < 0x20 || (ascii_ && c >= 0x7F && c != 0x7F)) {
      absl::StrAppendFormat(&out_, "\\u%04x", static_cast<unsigned>(c));
    } else {
      AppendUtf8(c, &out_);
    }
  }
  out_ += '"';
}

absl::Status Writer::WriteNumber(const Value& value) {
  if (!value.is(Kind::kFloat)) {
    absl::StrAppend(&out_, value.integer());
  } else if (std::isnan(value.number())) {
    out_ += "NaN";
  } else if (std::isinf(value.number())) {
    out_ += value.number() < 0 ? "-Infinity" : "Infinity";
  } else {
    out_ += FloatText(value.number());
  }
  return absl::OkStatus();
}

void Writer::NewLine(int depth) {
  if (!pretty_) return;
  out_ += '\n';
  for (int i = 0; i < depth; ++i) out_ += indent_;
}

absl::Status Writer::WriteList(const std::vector<Value>& items, int depth) {
  if (items.empty()) {
    out_ += "[]";
    return absl::OkStatus();
  }
  out_ += '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out_ += comma_;
    NewLine(depth + 1);
    RETURN_IF_ERROR(Write(items[i], depth + 1));
  }
  NewLine(depth);
  out_ += ']';
  return absl::OkStatus();
}

absl::Status Writer::WriteKey(const Value& key) {
  if (key.is_string()) {
    WriteText(key.text());
    return absl::OkStatus();
  }
  if (!key.is_number() && !key.is(Kind::kNone)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'tojson' writes no keys that are a ", TypeName(key)));
  }
  out_ += '"';
  RETURN_IF_ERROR(Write(key, 0));
  out_ += '"';
  return absl::OkStatus();
}

absl::Status Writer::WriteDict(const Dict& dict, int depth) {
  if (dict.entries.empty()) {
    out_ += "{}";
    return absl::OkStatus();
  }
  std::vector<size_t> order(dict.entries.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (sort_keys_) {
    std::vector<Value> keys;
    for (const auto& [key, value] : dict.entries) keys.push_back(key);
    ASSIGN_OR_RETURN(order, SortedOrder(runtime_, keys, false));
  }
  out_ += '{';
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0) out_ += comma_;
    NewLine(depth + 1);
    RETURN_IF_ERROR(WriteKey(dict.entries[order[i]].first));
    out_ += colon_;
    RETURN_IF_ERROR(Write(dict.entries[order[i]].second, depth + 1));
  }
  NewLine(depth);
  out_ += '}';
  return absl::OkStatus();
}

absl::Status Writer::Write(const Value& value, int depth) {
  RETURN_IF_ERROR(runtime_.budget.Step());
  RETURN_IF_ERROR(runtime_.budget.Fits(1, out_.size() + depth * indent_.size()));
  if (depth > kMaxValueDepth) {
    return absl::InvalidArgumentError("values are nested too deeply for 'tojson'");
  }
  switch (value.kind()) {
    case Kind::kNone:
      out_ += "null";
      return absl::OkStatus();
    case Kind::kBool:
      out_ += value.boolean() ? "true" : "false";
      return absl::OkStatus();
    case Kind::kInt:
    case Kind::kFloat:
      return WriteNumber(value);
    case Kind::kString:
      RETURN_IF_ERROR(runtime_.budget.Scan(value.text().size()));
      WriteText(value.text());
      return absl::OkStatus();
    case Kind::kList:
    case Kind::kTuple:
      return WriteList(value.sequence().items, depth);
    case Kind::kDict:
      return WriteDict(value.dict(), depth);
    case Kind::kUndefined:
      return absl::InvalidArgumentError(
          absl::StrCat("'tojson' cannot write '", value.text(), "', which is undefined"));
    default:
      return absl::InvalidArgumentError(absl::StrCat("'tojson' cannot write a ", TypeName(value)));
  }
}

}  // namespace

absl::StatusOr<Value> ToJson(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(
      const std::vector<Value> bound,
      Bind("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  Writer writer(&runtime, bound);
  RETURN_IF_ERROR(writer.ReadOptions());
  RETURN_IF_ERROR(writer.Write(self, 0));
  return runtime.heap.String(writer.Take());
}

}  // namespace ropewalk::jinja
