// Python's methods of str.

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/brace_format.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/methods.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/split.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Text = absl::string_view;

// The part of a string that `start` and `end` of find(), count(), startswith() leave.
struct Part {
  Text text;
  int64_t offset = 0;  // in characters
};

absl::StatusOr<Part> PartOf(Text text, const Value& start, const Value& end) {
  const auto missing = [](const Value& v) { return v.is_absent() || v.is(Kind::kNone); };
  if (missing(start) && missing(end)) return Part{text, 0};
  const std::vector<size_t> offsets = CharacterOffsets(text);
  const auto count = static_cast<int64_t>(offsets.size()) - 1;
  const auto place = [&](const Value& value, int64_t otherwise) -> absl::StatusOr<int64_t> {
    if (missing(value)) return otherwise;
    ASSIGN_OR_RETURN(const int64_t at, IntOf("find", value));
    return at < 0 ? std::max<int64_t>(0, at + count) : at;
  };
  ASSIGN_OR_RETURN(const int64_t from, place(start, 0));
  ASSIGN_OR_RETURN(const int64_t to, place(end, count));
  if (from > count || from > to) return Part{Text(), -1};  // not even "" is found there
  return Part{text.substr(offsets[from], offsets[std::min(to, count)] - offsets[from]), from};
}

template <Text (*kStrip)(Text), Text (*kStripOf)(Text, Text)>
absl::StatusOr<Value> Strip(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("strip", arguments, {"chars"}));
  if (a[0].is_absent() || a[0].is(Kind::kNone)) return Value::String(kStrip(self.text()));
  ASSIGN_OR_RETURN(const Text characters, TextOf("strip", a[0]));
  RETURN_IF_ERROR(runtime.budget.Scan(characters.size() * (self.text().size() + 1)));
  return Value::String(kStripOf(self.text(), characters));
}

Text StripBoth(Text text) { return StripEnd(StripStart(text)); }
Text StripBothOf(Text text, Text characters) {
  return StripEnd(StripStart(text, characters), characters);
}

template <std::string (*kChange)(Text)>
absl::StatusOr<Value> Change(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("a method without arguments", arguments, {}).status());
  return runtime.heap.String(kChange(self.text()));
}

std::string SwapCase(Text text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    NextCharacter(text, &at);
    const Text character = text.substr(begin, at - begin);
    out += Lower(character) == character ? Upper(character) : Lower(character);
  }
  return out;
}

// str.isalpha() and the like: of every character, and false of "".
template <bool (*kIs)(char32_t)>
absl::StatusOr<Value> Every(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("a method without arguments", arguments, {}).status());
  bool every = !self.text().empty();
  for (size_t at = 0; every && at < self.text().size();)
    every = kIs(NextCharacter(self.text(), &at));
  return Value::Bool(every);
}

bool IsAlphanumeric(char32_t c) { return IsAlpha(c) || IsDigit(c); }

absl::StatusOr<Value> IsUpper(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("isupper", arguments, {}).status());
  return Value::Bool(Upper(self.text()) == self.text() && Lower(self.text()) != self.text());
}

absl::StatusOr<Value> IsLower(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("islower", arguments, {}).status());
  return Value::Bool(Lower(self.text()) == self.text() && Upper(self.text()) != self.text());
}

// startswith() and endswith(), of one string or any of a tuple.
template <bool (*kHas)(Text, Text)>
absl::StatusOr<Value> StartsOrEnds(Runtime& runtime, const Value& self,
                                   const Arguments& arguments) {
  constexpr Text kWhat = "startswith() or endswith()";
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind(kWhat, arguments, {"affix", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const Part part, PartOf(self.text(), a[1], a[2]));
  if (!a[0].is(Kind::kTuple)) {
    ASSIGN_OR_RETURN(const Text affix, TextOf(kWhat, a[0]));
    return Value::Bool(part.offset >= 0 && kHas(part.text, affix));
  }
  for (const Value& item : a[0].sequence().items) {
    ASSIGN_OR_RETURN(const Text affix, TextOf(kWhat, item));
    if (part.offset >= 0 && kHas(part.text, affix)) return Value::Bool(true);
  }
  return Value::Bool(false);
}

bool HasPrefix(Text text, Text prefix) { return absl::StartsWith(text, prefix); }
bool HasSuffix(Text text, Text suffix) { return absl::EndsWith(text, suffix); }

template <bool kPrefix>
absl::StatusOr<Value> RemoveAffix(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("removeprefix", arguments, {"affix"}, 1));
  ASSIGN_OR_RETURN(const Text affix, TextOf("removeprefix", a[0]));
  Text text = self.text();
  if (kPrefix && HasPrefix(text, affix)) text.remove_prefix(affix.size());
  if (!kPrefix && HasSuffix(text, affix)) text.remove_suffix(affix.size());
  return Value::String(text);
}

// The place of `needle` in characters, -1 if there is none.
absl::StatusOr<int64_t> Place(Runtime& runtime, const Value& self, const Arguments& arguments,
                              bool last) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("find", arguments, {"sub", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const Text needle, TextOf("find", a[0]));
  ASSIGN_OR_RETURN(const Part part, PartOf(self.text(), a[1], a[2]));
  if (part.offset < 0) return -1;
  const size_t at = last ? FindLast(part.text, needle) : FindFirst(part.text, needle);
  if (at == Text::npos) return -1;
  return part.offset + static_cast<int64_t>(CharacterCount(part.text.substr(0, at)));
}

template <bool kLast, bool kMustBeThere>
absl::StatusOr<Value> Find(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int64_t place, Place(runtime, self, arguments, kLast));
  if (kMustBeThere && place < 0) return absl::InvalidArgumentError("'index' finds no such text");
  return Value::Int(place);
}

absl::StatusOr<Value> CountOf(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("count", arguments, {"sub", "start", "end"}, 1));
  ASSIGN_OR_RETURN(const Text needle, TextOf("count", a[0]));
  ASSIGN_OR_RETURN(const Part part, PartOf(self.text(), a[1], a[2]));
  if (part.offset < 0) return Value::Int(0);
  if (needle.empty()) return Value::Int(static_cast<int64_t>(CharacterCount(part.text)) + 1);
  int64_t count = 0;
  Text rest = part.text;
  for (size_t at = FindFirst(rest, needle); at != rest.npos; at = FindFirst(rest, needle)) {
    ++count;
    rest.remove_prefix(at + needle.size());
  }
  return Value::Int(count);
}

absl::StatusOr<Value> ReplaceIn(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a,
                   Bind("replace", arguments, {"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const Text old_text, TextOf("replace", a[0]));
  ASSIGN_OR_RETURN(const Text new_text, TextOf("replace", a[1]));
  ASSIGN_OR_RETURN(const int64_t count, IntOr("replace", a[2], -1));
  return Replace(runtime, self.text(), old_text, new_text, count);
}

absl::StatusOr<Value> JoinOf(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("join", arguments, {"iterable"}, 1));
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, a[0]));
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    ASSIGN_OR_RETURN(const Text text, TextOf("join", items[i]));
    RETURN_IF_ERROR(runtime.budget.Scan(text.size() + self.text().size()));
    RETURN_IF_ERROR(runtime.budget.Fits(1, out.size() + text.size() + self.text().size()));
    absl::StrAppend(&out, i > 0 ? self.text() : "", text);
  }
  return runtime.heap.String(std::move(out));
}

// ljust(), rjust() and center(): `left` of the padding's `left + right` parts are in front.
template <int kLeft, int kRight>
absl::StatusOr<Value> Pad(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("center", arguments, {"width", "fill"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, IntOf("center", a[0]));
  Text fill = " ";
  if (!a[1].is_absent()) {
    ASSIGN_OR_RETURN(fill, TextOf("center", a[1]));
  }
  if (CharacterCount(fill) != 1) return absl::InvalidArgumentError("a fill is one character");
  const auto length = static_cast<int64_t>(CharacterCount(self.text()));
  if (width <= length) return self;
  const int64_t padding = width - length;
  RETURN_IF_ERROR(runtime.budget.Fits(static_cast<size_t>(padding), fill.size()));
  // Python's center() puts an odd one to the left if the width is odd.
  const int64_t left = kLeft == kRight ? padding / 2 + (padding & width & 1) : kLeft * padding;
  std::string out;
  for (int64_t i = 0; i < left; ++i) absl::StrAppend(&out, fill);
  absl::StrAppend(&out, self.text());
  for (int64_t i = left; i < padding; ++i) absl::StrAppend(&out, fill);
  return runtime.heap.String(std::move(out));
}

absl::StatusOr<Value> ZeroFill(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("zfill", arguments, {"width"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, IntOf("zfill", a[0]));
  const auto length = static_cast<int64_t>(CharacterCount(self.text()));
  if (width <= length) return self;
  RETURN_IF_ERROR(runtime.budget.Fits(static_cast<size_t>(width - length), 1));
  const bool sign = !self.text().empty() && (self.text()[0] == '-' || self.text()[0] == '+');
  return runtime.heap.String(absl::StrCat(
      self.text().substr(0, sign), std::string(width - length, '0'), self.text().substr(sign)));
}

}  // namespace

Native FindStringMethod(absl::string_view name) {
  static const auto* const methods = new NativeTable{
      {"strip", Strip<StripBoth, StripBothOf>},
      {"lstrip", Strip<StripStart, StripStart>},
      {"rstrip", Strip<StripEnd, StripEnd>},
      {"upper", Change<Upper>},
      {"lower", Change<Lower>},
      {"casefold", Change<Lower>},
      {"title", Change<Title>},
      {"capitalize", Change<Capitalize>},
      {"swapcase", Change<SwapCase>},
      {"isalpha", Every<IsAlpha>},
      {"isdigit", Every<IsDigit>},
      {"isdecimal", Every<IsDigit>},
      {"isnumeric", Every<IsDigit>},
      {"isalnum", Every<IsAlphanumeric>},
      {"isspace", Every<IsSpace>},
      {"isupper", IsUpper},
      {"islower", IsLower},
      {"startswith", StartsOrEnds<HasPrefix>},
      {"endswith", StartsOrEnds<HasSuffix>},
      {"removeprefix", RemoveAffix<true>},
      {"removesuffix", RemoveAffix<false>},
      {"find", Find<false, false>},
      {"rfind", Find<true, false>},
      {"index", Find<false, true>},
      {"rindex", Find<true, true>},
      {"count", CountOf},
      {"replace", ReplaceIn},
      {"join", JoinOf},
      {"split", Split},
      {"rsplit", SplitFromEnd},
      {"splitlines", SplitLines},
      {"partition", Partition},
      {"rpartition", PartitionFromEnd},
      {"center", Pad<1, 1>},
      {"ljust", Pad<0, 1>},
      {"rjust", Pad<1, 0>},
      {"zfill", ZeroFill},
      {"format", BraceFormat},
  };
  const auto found = methods->find(name);
  return found == methods->end() ? nullptr : found->second;
}

}  // namespace ropewalk::jinja
