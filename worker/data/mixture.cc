#include "worker/data/mixture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/data/permutation.h"

namespace ropewalk {

int64_t MixturePart::epoch_size() const {
  if (documents == 0) return 0;
  return std::max<int64_t>(1, std::llround(weight * static_cast<double>(documents)));
}

Mixture::Mixture(std::vector<MixturePart> parts, uint64_t seed)
    : parts_(std::move(parts)), seed_(seed) {
  int64_t places = 0, documents = 0;
  for (const MixturePart& part : parts_) {
    places += part.epoch_size();
    ends_.push_back(places);
    firsts_.push_back(documents);
    documents += part.documents;
  }
}

int64_t Mixture::Document(int64_t epoch, int64_t place) const {
  const size_t p = std::upper_bound(ends_.begin(), ends_.end(), place) - ends_.begin();
  const MixturePart& part = parts_[p];
  const int64_t size = part.epoch_size();
  const int64_t within = place - (ends_[p] - size);
  // Whole weights need no dealing: every round of an epoch is all documents.
  if (size % part.documents == 0) return firsts_[p] + within % part.documents;
  const int64_t dealt = epoch * size + within;
  const Permutation order(part.documents, seed_ + p + 1, dealt / part.documents);
  return firsts_[p] + order(dealt % part.documents);
}

std::string Mixture::ToString() const {
  std::string text;
  for (const MixturePart& part : parts_) {
    absl::StrAppend(&text, part.documents, "*", part.epoch_size(), ",");
  }
  return text;
}

}  // namespace ropewalk
