#include "services/registry/xet/xorb_places.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "services/common/sha256.h"

namespace ropewalk {
namespace {

constexpr int64_t kMaxOffset = int64_t{1} << 50;

// The place that goes on furthest from chunk `at`; null if none has it.
const ChunkPlace* PlaceOf(const std::vector<ChunkPlace>& places, uint32_t at) {
  const ChunkPlace* best = nullptr;
  for (const ChunkPlace& place : places) {
    const bool has = place.begin <= at && at < place.end;
    if (has && (best == nullptr || place.end > best->end)) best = &place;
  }
  return best;
}

bool IsGood(const XorbPlaces& places) {
  for (size_t i = 0; i < places.ends.size(); ++i) {
    if (places.ends[i] <= (i == 0 ? 0 : places.ends[i - 1])) return false;
  }
  return std::all_of(places.places.begin(), places.places.end(), [&](const ChunkPlace& place) {
    return place.begin < place.end && place.end <= places.ends.size() && place.offset >= 0 &&
           place.offset < kMaxOffset && IsSha256Hex(place.digest);
  });
}

// Whether there is such a number; other numbers than whole ones from 0 on are not.
template <typename Number>
bool ReadNumber(const nlohmann::json& json, Number* number) {
  if (!json.is_number_unsigned()) return false;
  const uint64_t value = json.get<uint64_t>();
  if (value > static_cast<uint64_t>(std::numeric_limits<Number>::max())) return false;
  *number = static_cast<Number>(value);
  return true;
}

bool ReadPlace(const nlohmann::json& json, ChunkPlace* place) {
  if (!json.is_object()) return false;
  const nlohmann::json blob = json.value("blob", nlohmann::json());
  if (!blob.is_string()) return false;
  place->digest = blob.get<std::string>();
  return ReadNumber(json.value("begin", nlohmann::json()), &place->begin) &&
         ReadNumber(json.value("end", nlohmann::json()), &place->end) &&
         ReadNumber(json.value("offset", nlohmann::json()), &place->offset);
}

// Whether all items of an array can be read.
template <typename Item, typename Read>
bool ReadArray(const nlohmann::json& array, std::vector<Item>* items, Read read) {
  if (!array.is_array()) return false;
  return std::all_of(array.begin(), array.end(), [&](const nlohmann::json& json) {
    return read(json, &items->emplace_back());
  });
}

bool ReadPlaces(const nlohmann::json& json, XorbPlaces* places) {
  return json.is_object() &&
         ReadArray(json.value("ends", nlohmann::json()), &places->ends, ReadNumber<uint32_t>) &&
         ReadArray(json.value("places", nlohmann::json()), &places->places, ReadPlace);
}

}  // namespace

std::vector<BlobStretch> XorbPlaces::Find(uint32_t begin, uint32_t end) const {
  std::vector<BlobStretch> stretches;
  if (end > ends.size()) return stretches;
  const auto begin_of = [&](uint32_t chunk) { return chunk == 0 ? 0 : ends[chunk - 1]; };
  while (begin < end) {
    const ChunkPlace* const place = PlaceOf(places, begin);
    if (place == nullptr) return {};
    const uint32_t until = std::min(end, place->end);
    stretches.push_back({place->digest, place->offset + begin_of(begin) - begin_of(place->begin),
                         ends[until - 1] - begin_of(begin)});
    begin = until;
  }
  return stretches;
}

bool XorbPlaces::Complete() const { return !ends.empty() && !Find(0, ends.size()).empty(); }

std::string FormatXorbPlaces(const XorbPlaces& places) {
  nlohmann::json json{{"ends", places.ends}, {"places", nlohmann::json::array()}};
  for (const ChunkPlace& place : places.places) {
    json["places"].push_back({{"begin", place.begin},
                              {"end", place.end},
                              {"blob", place.digest},
                              {"offset", place.offset}});
  }
  return json.dump();
}

absl::StatusOr<XorbPlaces> ParseXorbPlaces(absl::string_view text) {
  XorbPlaces places;
  const nlohmann::json json =
      nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (ReadPlaces(json, &places) && IsGood(places)) return places;
  return absl::DataLossError("a note of where a xorb's chunks lie is damaged");
}

}  // namespace ropewalk
