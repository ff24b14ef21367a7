#include "worker/data/plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/sha256.h"
#include "worker/data/permutation.h"
#include "worker/data/room_tree.h"

namespace ropewalk {

std::vector<std::vector<int64_t>> PackFirstFit(const std::vector<int64_t>& documents,
                                               const std::vector<int64_t>& lengths,
                                               int64_t capacity) {
  RoomTree rooms(documents.size(), capacity);
  std::vector<std::vector<int64_t>> packs;
  for (const int64_t document : documents) {
    const int64_t pack = rooms.TakeFirst(std::min(lengths[document], capacity));
    if (pack == static_cast<int64_t>(packs.size())) packs.emplace_back();
    packs[pack].push_back(document);
  }
  return packs;
}

std::vector<std::vector<int64_t>> PackDocuments(Packing packing, std::vector<int64_t> documents,
                                                const std::vector<int64_t>& lengths,
                                                int64_t capacity) {
  if (packing == Packing::kNone) {
    std::vector<std::vector<int64_t>> packs;
    for (const int64_t document : documents) packs.push_back({document});
    return packs;
  }
  if (packing == Packing::kFirstFitDecreasing) {
    std::stable_sort(documents.begin(), documents.end(),
                     [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });
  }
  return PackFirstFit(documents, lengths, capacity);
}

Plan::Plan(PlanOptions options, std::vector<int64_t> lengths, Mixture mixture)
    : options_(std::move(options)),
      lengths_(std::move(lengths)),
      mixture_(std::move(mixture)),
      total_documents_(
          std::max<int64_t>(1, std::llround(options_.epochs * mixture_.epoch_size()))) {
  total_steps_ = (total_documents_ + options_.global_batch_size - 1) / options_.global_batch_size;
  if (options_.max_steps > 0) total_steps_ = std::min(total_steps_, options_.max_steps);
}

Plan::Plan(PlanOptions options, std::vector<int64_t> lengths)
    : Plan(options, lengths, Mixture({{static_cast<int64_t>(lengths.size()), 1.0}}, options.seed)) {
}

std::vector<std::vector<int64_t>> Plan::MicroBatches(int64_t step) const {
  const int64_t n = mixture_.epoch_size();
  const int64_t begin = step * options_.global_batch_size;
  const int64_t end = std::min(total_documents_, begin + options_.global_batch_size);
  std::vector<int64_t> documents;
  for (int64_t position = begin; position < end; ++position) {
    const int64_t epoch = position / n;
    const int64_t place = Permutation(n, options_.seed, epoch)(position % n);
    documents.push_back(mixture_.Document(epoch, place));
  }
  return PackDocuments(options_.packing, std::move(documents), lengths_,
                       options_.micro_batch_tokens);
}

std::string Plan::digest() const {
  return Sha256Hex(absl::StrCat(
      "plan 2;", options_.seed, ";", options_.global_batch_size, ";", options_.micro_batch_tokens,
      ";", static_cast<int>(options_.packing), ";", total_documents_, ";", total_steps_, ";",
      mixture_.ToString(), ";", absl::StrJoin(lengths_, ",")));
}

}  // namespace ropewalk
