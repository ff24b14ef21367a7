#include "worker/chat/jinja/split.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Text = absl::string_view;

bool EndsLine(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

absl::StatusOr<Value> ListOf(Runtime& runtime, const std::vector<Text>& parts) {
  RETURN_IF_ERROR(runtime.budget.Step(1 + parts.size() / 4));
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const Text part : parts) items.push_back(Value::String(part));
  return runtime.heap.List(std::move(items));
}

// Cuts at the places of `separator` that do not overlap, as counted from the start.
std::vector<Text> SplitAt(Text text, Text separator, int64_t limit) {
  std::vector<Text> parts;
  for (; limit != 0; --limit) {
    const size_t at = FindFirst(text, separator);
    if (at == text.npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

// The same as counted from the end.
std::vector<Text> SplitAtFromEnd(Text text, Text separator, int64_t limit) {
  const std::string reversed(text.rbegin(), text.rend());
  const std::string reversed_separator(separator.rbegin(), separator.rend());
  std::vector<Text> parts = SplitAt(reversed, reversed_separator, limit);
  for (Text& part : parts) {
    const size_t begin = part.data() - reversed.data();
    part = text.substr(text.size() - begin - part.size(), part.size());
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

// The first word of a text that begins with none of white space.
Text FirstWord(Text text) {
  size_t end = 0;
  for (size_t at = 0; at < text.size(); end = at) {
    if (IsSpace(NextCharacter(text, &at))) break;
  }
  return text.substr(0, end);
}

Text LastWord(Text text) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t previous = begin - 1;
    while (previous > 0 && (text[previous] & 0xC0) == 0x80) --previous;
    size_t at = previous;
    if (IsSpace(NextCharacter(text, &at))) break;
    begin = previous;
  }
  return text.substr(begin);
}

std::vector<Text> SplitWords(Text text, int64_t limit, bool from_end) {
  std::vector<Text> parts;
  text = from_end ? StripEnd(text) : StripStart(text);
  for (; !text.empty() && limit != 0; --limit) {
    const Text word = from_end ? LastWord(text) : FirstWord(text);
    parts.push_back(word);
    text = from_end ? StripEnd(text.substr(0, text.size() - word.size()))
                    : StripStart(text.substr(word.size()));
  }
  if (!text.empty()) parts.push_back(text);
  if (from_end) std::reverse(parts.begin(), parts.end());
  return parts;
}

absl::StatusOr<Value> SplitBy(Runtime& runtime, Text text, const Arguments& arguments,
                              bool from_end) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("split", arguments, {"sep", "maxsplit"}));
  ASSIGN_OR_RETURN(const int64_t limit, IntOr("split", a[1], -1));
  if (a[0].is_absent() || a[0].is(Value::Kind::kNone)) {
    return ListOf(runtime, SplitWords(text, limit, from_end));
  }
  ASSIGN_OR_RETURN(const Text separator, TextOf("split", a[0]));
  if (separator.empty()) return absl::InvalidArgumentError("'split' takes no empty separator");
  return ListOf(
      runtime, from_end ? SplitAtFromEnd(text, separator, limit) : SplitAt(text, separator, limit));
}

absl::StatusOr<Value> PartitionBy(Runtime& runtime, Text text, const Arguments& arguments,
                                  bool from_end) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("partition", arguments, {"sep"}, 1));
  ASSIGN_OR_RETURN(const Text separator, TextOf("partition", a[0]));
  if (separator.empty()) return absl::InvalidArgumentError("'partition' takes no empty separator");
  const size_t at = from_end ? FindLast(text, separator) : FindFirst(text, separator);
  const Value whole = Value::String(text);
  const Value nothing = Value::String("");
  if (at == text.npos) {
    return runtime.heap.Tuple(from_end ? std::vector<Value>{nothing, nothing, whole}
                                       : std::vector<Value>{whole, nothing, nothing});
  }
  return runtime.heap.Tuple({Value::String(text.substr(0, at)), Value::String(separator),
                             Value::String(text.substr(at + separator.size()))});
}

}  // namespace

size_t FindFirst(Text text, Text needle) {
  const void* const at = memmem(text.data(), text.size(), needle.data(), needle.size());
  if (at == nullptr) return text.npos;
  return static_cast<const char*>(at) - text.data();
}

size_t FindLast(Text text, Text needle) {
  // The first of the reversed needle in the reversed text.
  const std::string reversed_text(text.rbegin(), text.rend());
  const std::string reversed_needle(needle.rbegin(), needle.rend());
  const size_t at = FindFirst(reversed_text, reversed_needle);
  return at == Text::npos ? at : text.size() - at - needle.size();
}

absl::StatusOr<Value> Replace(Runtime& runtime, Text text, Text old_text, Text new_text,
                              int64_t count) {
  std::string out;
  const auto append = [&](Text part) -> absl::Status {
    RETURN_IF_ERROR(runtime.budget.Fits(1, out.size() + part.size()));
    out.append(part.data(), part.size());
    return absl::OkStatus();
  };
  bool first = true;
  for (; count != 0; --count) {
    size_t at = FindFirst(text, old_text);
    if (old_text.empty() && !first) {  // goes between all characters
      if (text.empty()) break;
      at = 0;
      NextCharacter(text, &at);
    }
    if (at == text.npos) break;
    RETURN_IF_ERROR(append(text.substr(0, at)));
    RETURN_IF_ERROR(append(new_text));
    text.remove_prefix(at + old_text.size());
    first = false;
  }
  RETURN_IF_ERROR(append(text));
  return runtime.heap.String(std::move(out));
}

std::vector<Text> LinesOf(Text text, bool keep_ends) {
  std::vector<Text> lines;
  for (size_t at = 0, begin = 0; at < text.size();) {
    const size_t end = at;
    const char32_t c = NextCharacter(text, &at);
    const bool is_end = EndsLine(c);
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    if (!is_end && at < text.size()) continue;
    lines.push_back(text.substr(begin, (is_end && !keep_ends ? end : at) - begin));
    begin = at;
  }
  return lines;
}

absl::StatusOr<Value> Split(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return SplitBy(runtime, self.text(), arguments, false);
}

absl::StatusOr<Value> SplitFromEnd(Runtime& runtime, const Value& self,
                                   const Arguments& arguments) {
  return SplitBy(runtime, self.text(), arguments, true);
}

absl::StatusOr<Value> SplitLines(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("splitlines", arguments, {"keepends"}));
  return ListOf(runtime, LinesOf(self.text(), !a[0].is_absent() && Truth(a[0])));
}

absl::StatusOr<Value> Partition(Runtime& runtime, const Value& self, const Arguments& arguments) {
  return PartitionBy(runtime, self.text(), arguments, false);
}

absl::StatusOr<Value> PartitionFromEnd(Runtime& runtime, const Value& self,
                                       const Arguments& arguments) {
  return PartitionBy(runtime, self.text(), arguments, true);
}

}  // namespace ropewalk::jinja
