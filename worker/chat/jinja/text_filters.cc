// Filters that make text.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/attributes.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/json_text.h"
#include "worker/chat/jinja/methods.h"
#include "worker/chat/jinja/percent_format.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/split.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Text = absl::string_view;

// A filter that is a method of strings, after str() of the value.
template <int kWhich>
absl::StatusOr<Value> AsMethod(Runtime& runtime, const Value& self, const Arguments& arguments) {
  static constexpr Text kNames[] = {"strip", "upper", "lower", "capitalize"};
  static const Native method = FindStringMethod(kNames[kWhich]);
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  return method(runtime, text, arguments);
}

absl::StatusOr<Value> Center(Runtime& runtime, const Value& self, const Arguments& arguments) {
  static const Native method = FindStringMethod("center");
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("center", arguments, {"width"}));
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  return method(runtime, text, {{a[0].is_absent() ? Value::Int(80) : a[0]}, {}});
}

// Jinja's own: words begin after white space, - ( { [ and <.
absl::StatusOr<Value> TitleOf(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("title", arguments, {}).status());
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  std::string out;
  bool in_word = false;
  for (size_t at = 0; at < text.text().size();) {
    const size_t begin = at;
    const char32_t c = NextCharacter(text.text(), &at);
    const Text character = text.text().substr(begin, at - begin);
    out += in_word ? Lower(character) : Upper(character);
    in_word = !IsSpace(c) && c != '-' && c != '(' && c != '{' && c != '[' && c != '<';
  }
  return runtime.heap.String(std::move(out));
}

absl::StatusOr<Value> String(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("string", arguments, {}).status());
  return Str(runtime, self);
}

absl::StatusOr<Value> ReplaceText(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("replace", arguments, {"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  ASSIGN_OR_RETURN(const Value old_text, Str(runtime, a[0]));
  ASSIGN_OR_RETURN(const Value new_text, Str(runtime, a[1]));
  const bool all = a[2].is_absent() || a[2].is(Kind::kNone);
  ASSIGN_OR_RETURN(const int64_t count, all ? -1 : IntOf("replace", a[2]));
  return Replace(runtime, text.text(), old_text.text(), new_text.text(), count);
}

absl::StatusOr<Value> Join(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("join", arguments, {"d", "attribute"}));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, self));
  ASSIGN_OR_RETURN(const Value separator,
                   a[0].is_absent() ? Value::String("") : Str(runtime, a[0]));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    ASSIGN_OR_RETURN(const Value item, GetPath(runtime, items[i], a[1]));
    if (i > 0) RETURN_IF_ERROR(AppendStr(runtime, separator, &out));
    RETURN_IF_ERROR(AppendStr(runtime, item, &out));
    RETURN_IF_ERROR(runtime.budget.Fits(1, out.size()));
  }
  return runtime.heap.String(std::move(out));
}

absl::StatusOr<Value> Indent(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("indent", arguments, {"width", "first", "blank"}));
  ASSIGN_OR_RETURN(const Text text, TextOf("indent", self));
  std::string indention = "    ";
  if (a[0].is_string()) {
    indention = std::string(a[0].text());
  } else if (!a[0].is_absent()) {
    ASSIGN_OR_RETURN(const int64_t width, IntOf("indent", a[0]));
    RETURN_IF_ERROR(runtime.budget.Fits(static_cast<size_t>(std::max<int64_t>(0, width)), 1));
    indention.assign(std::max<int64_t>(0, width), ' ');
  }
  const bool first = !a[1].is_absent() && Truth(a[1]);
  const bool blank = !a[2].is_absent() && Truth(a[2]);
  const std::string terminated = absl::StrCat(text, "\n");
  std::string out = first ? indention : "";
  bool is_first = true;
  for (const Text line : LinesOf(terminated)) {
    RETURN_IF_ERROR(runtime.budget.Fits(1, out.size() + indention.size() + line.size()));
    if (!is_first) out += '\n';
    absl::StrAppend(&out, !is_first && (blank || !line.empty()) ? indention : "", line);
    is_first = false;
  }
  return runtime.heap.String(std::move(out));
}

absl::StatusOr<Value> Truncate(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("truncate", arguments, {"length", "killwords", "end", "leeway"}));
  ASSIGN_OR_RETURN(const int64_t length, IntOr("truncate", a[0], 255));
  Text end = "...";
  if (!a[2].is_absent()) {
    ASSIGN_OR_RETURN(end, TextOf("truncate", a[2]));
  }
  const bool default_leeway = a[3].is_absent() || a[3].is(Kind::kNone);
  ASSIGN_OR_RETURN(const int64_t leeway, default_leeway ? 5 : IntOf("truncate", a[3]));
  const int64_t kept = length - static_cast<int64_t>(CharacterCount(end));
  if (kept < 0 || leeway < 0 || length > INT32_MAX || leeway > INT32_MAX) {
    return absl::InvalidArgumentError("'truncate' is given lengths that do not fit together");
  }
  ASSIGN_OR_RETURN(const int64_t own_length, Length(runtime, self));
  if (own_length <= length + leeway) return self;
  ASSIGN_OR_RETURN(const Text text, TextOf("truncate", self));
  Text head = text.substr(0, CharacterOffsets(text)[kept]);
  if (a[1].is_absent() || !Truth(a[1])) head = head.substr(0, head.rfind(' '));
  return runtime.heap.String(absl::StrCat(head, end));
}

absl::StatusOr<Value> WordCount(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("wordcount", arguments, {}).status());
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  int64_t count = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.text().size();) {
    const bool word = IsWord(NextCharacter(text.text(), &at));
    count += word && !in_word;
    in_word = word;
  }
  return Value::Int(count);
}

absl::StatusOr<Value> Format(Runtime& runtime, const Value& self, const Arguments& arguments) {
  if (!arguments.named.empty() && !arguments.positional.empty()) {
    return absl::InvalidArgumentError("'format' takes values with names or without, not both");
  }
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  Dict dict;
  for (const auto& [name, value] : arguments.named) dict.Insert(Value::String(name), value);
  ASSIGN_OR_RETURN(const Value values, arguments.named.empty()
                                           ? runtime.heap.Tuple(arguments.positional)
                                           : runtime.heap.Make(std::move(dict)));
  return PercentFormat(runtime, text.text(), values);
}

absl::StatusOr<Value> EscapeText(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("escape", arguments, {}).status());
  if (self.is_markup()) return self;
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  RETURN_IF_ERROR(runtime.budget.Fits(6, text.text().size()));
  ASSIGN_OR_RETURN(const Value escaped, runtime.heap.String(Escape(text.text())));
  return Value::Markup(escaped.text());
}

absl::StatusOr<Value> Safe(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("safe", arguments, {}).status());
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  return Value::Markup(text.text());
}

}  // namespace

const NativeTable& TextFilters() {
  static const auto* const filters = new NativeTable{
      {"trim", AsMethod<0>},  {"upper", AsMethod<1>},
      {"lower", AsMethod<2>}, {"capitalize", AsMethod<3>},
      {"center", Center},     {"title", TitleOf},
      {"string", String},     {"replace", ReplaceText},
      {"join", Join},         {"indent", Indent},
      {"truncate", Truncate}, {"wordcount", WordCount},
      {"format", Format},     {"escape", EscapeText},
      {"e", EscapeText},      {"safe", Safe},
      {"tojson", ToJson},
  };
  return *filters;
}

}  // namespace ropewalk::jinja
