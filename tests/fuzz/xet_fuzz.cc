#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/registry/xet/shard.h"
#include "services/registry/xet/xorb.h"
#include "services/registry/xet/xorb_places.h"

namespace ropewalk {
namespace {

// What a decoder makes of bytes that come in pieces of `step`; "refused" if it refuses them.
template <typename Decoder, typename Describe>
std::string Decode(absl::string_view bytes, size_t step, Describe describe) {
  Decoder decoder;
  absl::Status status;
  for (size_t i = 0; status.ok() && i < bytes.size(); i += step) {
    status = decoder.Append(bytes.substr(i, step));
  }
  return status.ok() ? describe(&decoder) : "refused";
}

std::string DescribeXorb(XorbDecoder* decoder) {
  std::string text(decoder->Finish(XetHash()).message());  // It names the hash that was found.
  for (const ChunkEnd& end : decoder->ends())
    absl::StrAppend(&text, " ", end.stored, "/", end.size);
  return text;
}

std::string DescribeShard(ShardDecoder* decoder) {
  std::string text(decoder->Finish().message());
  for (const ShardFile& file : decoder->shard().files) {
    absl::StrAppend(&text, " ", file.sha256, ":", file.size_bytes(), ":", file.terms.size());
  }
  return text;
}

// Whether the bytes mean the same wherever their pieces end.
template <typename Decoder, typename Describe>
bool IsSteady(absl::string_view bytes, Describe describe) {
  const std::string whole = Decode<Decoder>(bytes, bytes.size() + 1, describe);
  return Decode<Decoder>(bytes, 1, describe) == whole &&
         Decode<Decoder>(bytes, 7, describe) == whole;
}

// Whether a note that is read can be written and read again, and says the same.
bool IsSteadyNote(absl::string_view bytes) {
  const absl::StatusOr<XorbPlaces> places = ParseXorbPlaces(bytes);
  if (!places.ok()) return true;
  const std::string text = FormatXorbPlaces(*places);
  const absl::StatusOr<XorbPlaces> again = ParseXorbPlaces(text);
  return again.ok() && FormatXorbPlaces(*again) == text && again->Complete() == places->Complete();
}

}  // namespace
}  // namespace ropewalk

// What clients send by Xet, and the registry's notes about it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ropewalk;  // NOLINT
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!IsSteady<XorbDecoder>(bytes, DescribeXorb)) __builtin_trap();
  if (!IsSteady<ShardDecoder>(bytes, DescribeShard)) __builtin_trap();
  if (!IsSteadyNote(bytes)) __builtin_trap();
  return 0;
}
