// Reads bytes as a tokenizer.json and, where they are one, encodes a text that has something of
// everything, and decodes what comes out. Neither may crash, hang or overflow the stack, and the
// ways of encoding must agree with each other.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "worker/tokenizer/tokenizer.h"
#include "worker/tokenizer/tokenizer_json.h"
#include "worker/tokenizer/utf8.h"

namespace {

constexpr char kText[] =
    "It's 12 ropes,  <|end|>naïve e\u0301 縄を <mask>\r\n\t\u3000👩‍👩‍👧 "
    "\u00a0ﬁ▁x\u0001aaaaaaaaaa";

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view json(reinterpret_cast<const char*>(data), size);
  auto parts = ropewalk::ParseTokenizerJson(json);
  if (!parts.ok()) return 0;
  const ropewalk::Tokenizer tokenizer(*std::move(parts), /*eos=*/0);
  const auto tokens = tokenizer.Encode(kText);
  const auto with_offsets = tokenizer.EncodeWithOffsets(kText);
  Check(tokens.ok() == with_offsets.ok());
  if (!tokens.ok()) return 0;
  Check(*tokens == with_offsets->tokens);
  for (const uint32_t end : with_offsets->ends) Check(end <= sizeof(kText) - 1);
  Check(ropewalk::IsValidUtf8(tokenizer.Decode(*tokens)));
  Check(ropewalk::IsValidUtf8(tokenizer.Decode({-1, 0, 1, 2, 1 << 22, 5})));
  return 0;
}
