#include "worker/tokenizer/newer_characters.h"

#include <algorithm>
#include <bitset>
#include <iterator>

#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

enum class Kind { kLu, kLl, kLm, kLo, kMn, kMc, kNd, kN, kP, kS };

struct Range {
  char32_t begin, end;  // both inclusive
};

struct NewerRange : Range {
  Kind kind;
};

#include "worker/tokenizer/newer_characters.inc"

constexpr char32_t kMongolianVowelSeparator = 0x180E, kZeroWidthSpace = 0x200B;

// An older character of the kind, of three and of four bytes in UTF-8.
struct StandIn {
  char32_t three, four;
};
constexpr StandIn kStandIns[] = {
    {0x1E00, 0x10400}, {0x1E01, 0x10428}, {0x1D2C, 0x10780}, {0x1200, 0x10000}, {0x1AB0, 0x101FD},
    {0x0903, 0x11000}, {0x0966, 0x104A0}, {0x2070, 0x10107}, {0x2E43, 0x10F55}, {0x2190, 0x10190}};

template <typename R, size_t n>
const R* Find(const R (&ranges)[n], char32_t code_point) {
  const R* range = std::lower_bound(std::begin(ranges), std::end(ranges), code_point,
                                    [](const R& r, char32_t code) { return r.end < code; });
  return range != std::end(ranges) && range->begin <= code_point ? range : nullptr;
}

// The character to put in place of `code_point`, or itself.
char32_t StandInFor(char32_t code_point) {
  if (code_point == kMongolianVowelSeparator) return kZeroWidthSpace;
  const NewerRange* range = Find(kNewer, code_point);
  if (range == nullptr) return code_point;
  const StandIn& stand_in = kStandIns[static_cast<int>(range->kind)];
  return code_point < 0x10000 ? stand_in.three : stand_in.four;
}

// Blocks of 256 code points in which any character is replaced: most text touches none of them.
using Blocks = std::bitset<0x1100>;
const Blocks& AffectedBlocks() {
  static const Blocks blocks = [] {
    Blocks affected;
    affected.set(kMongolianVowelSeparator >> 8);
    for (const NewerRange& range : kNewer) {
      for (char32_t block = range.begin >> 8; block <= range.end >> 8; ++block) affected.set(block);
    }
    return affected;
  }();
  return blocks;
}

// The first character to replace, from `at` on; the text's size if there is none.
size_t FindNewer(absl::string_view text, size_t at, const Blocks& blocks) {
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0xE0) {  // all of them take three bytes or four
      ++at;
      continue;
    }
    const absl::string_view character = FirstCharacter(text.substr(at));
    const char32_t code_point = CodePoint(character);
    if (blocks[code_point >> 8] && StandInFor(code_point) != code_point) return at;
    at += character.size();
  }
  return text.size();
}

}  // namespace

absl::string_view WithStandIns(absl::string_view text, std::string* storage) {
  const Blocks& blocks = AffectedBlocks();
  size_t newer = FindNewer(text, 0, blocks);
  if (newer == text.size()) return text;
  storage->clear();
  storage->reserve(text.size());
  for (size_t done = 0; done < text.size();) {
    storage->append(text.data() + done, newer - done);
    if (newer == text.size()) break;
    const absl::string_view character = FirstCharacter(text.substr(newer));
    AppendCharacter(StandInFor(CodePoint(character)), storage);
    done = newer + character.size();
    newer = FindNewer(text, done, blocks);
  }
  return *storage;
}

bool IsUnknownToNormalForms(char32_t code_point) {
  return Find(kInert, code_point) != nullptr || Find(kNewer, code_point) != nullptr;
}

}  // namespace ropewalk
