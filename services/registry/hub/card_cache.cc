#include "services/registry/hub/card_cache.h"

#include <algorithm>

#include "services/common/status_macros.h"
#include "services/registry/model_card.h"

namespace ropewalk {
namespace {

using Card = std::shared_ptr<const nlohmann::json>;

constexpr int64_t kMaxCardBytes = 1 << 20;
// Cards take some KiB each. When there are more, all are forgotten: simpler than to know which.
constexpr size_t kMaxCards = 10'000;

}  // namespace

absl::StatusOr<Card> CardCache::Get(const v1::Version& version) {
  const auto& files = version.files();
  const auto readme = std::find_if(files.begin(), files.end(), [](const v1::File& file) {
    return file.path() == "README.md" && file.size_bytes() <= kMaxCardBytes;
  });
  if (readme == files.end()) return std::make_shared<const nlohmann::json>();
  {
    MutexLock lock(&mutex_);
    const auto found = cards_.find(readme->digest());
    if (found != cards_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(const std::string text, registry_->ReadSmallBlob(readme->digest()));
  Card card = std::make_shared<const nlohmann::json>(ParseModelCard(text));
  MutexLock lock(&mutex_);
  if (cards_.size() >= kMaxCards) cards_.clear();
  cards_[readme->digest()] = card;
  return card;
}

}  // namespace ropewalk
