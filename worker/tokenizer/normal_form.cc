#include "worker/tokenizer/normal_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "worker/tokenizer/newer_characters.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

// A character on its way, and how many characters of the text it takes the place of. One that came
// out of another takes none: its alignment is that of the one before it.
struct Item {
  char32_t code_point;
  int replaces;
};

int CombiningClass(char32_t code_point) {
  if (code_point < 0x300 || IsUnknownToNormalForms(code_point)) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point))->combining_class;
}

void Decompose(char32_t code_point, bool compatibility, std::vector<Item>* items) {
  constexpr int kLongest = 32;  // no decomposition is longer than 18
  utf8proc_int32_t parts[kLongest] = {static_cast<utf8proc_int32_t>(code_point)};
  utf8proc_ssize_t size = 1;
  if (code_point >= 0x80 && !IsUnknownToNormalForms(code_point)) {
    const int options = UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
    size = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), parts, kLongest,
                                   static_cast<utf8proc_option_t>(options), nullptr);
  }
  if (size < 1 || size > kLongest) size = 1, parts[0] = static_cast<utf8proc_int32_t>(code_point);
  for (int i = 0; i < size; ++i) items->push_back({static_cast<char32_t>(parts[i]), i == 0});
}

// Sorts runs of marks by combining class.
void Order(std::vector<Item>* items) {
  const auto is_starter = [](const Item& item) { return CombiningClass(item.code_point) == 0; };
  for (auto begin = items->begin(); begin != items->end();) {
    begin = std::find_if_not(begin, items->end(), is_starter);
    const auto end = std::find_if(begin, items->end(), is_starter);
    std::stable_sort(begin, end, [](const Item& a, const Item& b) {
      return CombiningClass(a.code_point) < CombiningClass(b.code_point);
    });
    begin = end;
  }
}

std::optional<char32_t> ComposePair(char32_t first, char32_t second) {
  utf8proc_int32_t pair[] = {static_cast<utf8proc_int32_t>(first),
                             static_cast<utf8proc_int32_t>(second)};
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  if (utf8proc_normalize_utf32(pair, 2, options) != 1) return std::nullopt;
  const auto composed = static_cast<char32_t>(pair[0]);
  if (IsUnknownToNormalForms(composed)) return std::nullopt;
  return composed;
}

// Puts characters together with the last starter before them, unless a mark between blocks them.
std::vector<Item> Compose(const std::vector<Item>& items) {
  std::vector<Item> composed;
  std::optional<size_t> starter;
  int last_class = -1;  // of the marks kept since the starter; -1: none
  for (const Item& item : items) {
    const int combining_class = CombiningClass(item.code_point);
    if (starter && last_class < combining_class) {
      Item& base = composed[*starter];
      if (const auto both = ComposePair(base.code_point, item.code_point)) {
        base = {*both, base.replaces + item.replaces};
        continue;
      }
    }
    if (combining_class == 0) {
      starter = composed.size();
      last_class = -1;
    } else if (starter) {
      last_class = combining_class;
    }
    composed.push_back(item);
  }
  return composed;
}

}  // namespace

NormalForm::NormalForm(bool composes, bool compatibility)
    : composes_(composes), compatibility_(compatibility) {
  std::vector<Item> items;
  for (char32_t code_point = 0x80; code_point < kTabled; ++code_point) {
    items.clear();
    Decompose(code_point, compatibility, &items);
    const std::vector<Item> form = composes ? Compose(items) : items;
    if (form.size() != 1 || form[0].code_point != code_point || CombiningClass(code_point) != 0) {
      unstable_.set(code_point);
    }
    // What comes after another in a decomposition may compose with it.
    for (size_t i = 1; composes && i < items.size(); ++i) {
      if (items[i].code_point >= 0x80) unstable_.set(items[i].code_point);
    }
  }
}

size_t NormalForm::FindUnstable(absl::string_view text, size_t at) const {
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0xC2) {
      ++at;
      continue;
    }
    const absl::string_view character = FirstCharacter(text.substr(at));
    if (!IsStable(CodePoint(character))) return at;
    at += character.size();
  }
  return text.size();
}

size_t NormalForm::FindStable(absl::string_view text, size_t at) const {
  while (at < text.size()) {
    const absl::string_view character = FirstCharacter(text.substr(at));
    if (IsStable(CodePoint(character))) return at;
    at += character.size();
  }
  return text.size();
}

absl::StatusOr<AlignedText> NormalForm::Rewrite(const AlignedView& text) const {
  AlignedText rewritten(text);
  for (size_t done = 0; done < text.text.size();) {
    const size_t unstable = FindUnstable(text.text, done);
    if (unstable == text.text.size()) {
      rewritten.Copy(text, done, unstable);
      break;
    }
    // The character before may compose with it.
    const absl::string_view before = text.text.substr(done, unstable - done);
    const size_t begin = unstable - LastCharacter(before).size();
    const size_t end = FindStable(text.text, unstable);
    rewritten.Copy(text, done, begin);
    RewritePart(text, begin, end, &rewritten);
    done = end;
  }
  return rewritten;
}

void NormalForm::RewritePart(const AlignedView& text, size_t begin, size_t end,
                             AlignedText* rewritten) const {
  std::vector<Item> items;
  for (absl::string_view rest = text.text.substr(begin, end - begin); !rest.empty();) {
    const absl::string_view character = FirstCharacter(rest);
    Decompose(CodePoint(character), compatibility_, &items);
    rest.remove_prefix(character.size());
  }
  Order(&items);
  if (composes_) items = Compose(items);
  size_t at = begin;  // the next character to replace
  std::string bytes;
  for (const Item& item : items) {
    bytes.clear();
    AppendCharacter(item.code_point, &bytes);
    const size_t like = item.replaces > 0 ? std::min(at, end - 1) : at - (at > 0);
    rewritten->Insert(bytes, text, like);
    for (int i = 0; i < item.replaces; ++i) at += FirstCharacter(text.text.substr(at)).size();
  }
}

}  // namespace ropewalk
