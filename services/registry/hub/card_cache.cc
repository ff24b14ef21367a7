#include "services/registry/hub/card_cache.h"

#include <algorithm>
#include <utility>

#include "services/common/status_macros.h"
#include "services/registry/model_card.h"

namespace ropewalk {
namespace {

using Card = std::shared_ptr<const nlohmann::json>;

constexpr int64_t kMaxCardBytes = 1 << 20;
// Of all cards as JSON text, which takes a tenth of what their trees do. When there are more, all
// are forgotten: simpler than to know which.
constexpr size_t kMostBytes = 64 << 20;
// Of a card beside its text.
constexpr size_t kOverheadBytes = 200;

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
    if (found != cards_.end()) {
      return std::make_shared<const nlohmann::json>(nlohmann::json::parse(found->second));
    }
  }
  ASSIGN_OR_RETURN(const std::string text, registry_->ReadSmallBlob(readme->digest()));
  Card card = std::make_shared<const nlohmann::json>(ParseModelCard(text));
  Keep(readme->digest(), card->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return card;
}

void CardCache::Keep(const std::string& digest, std::string card) {
  const size_t bytes = card.size() + kOverheadBytes;
  MutexLock lock(&mutex_);
  if (bytes_ + bytes > kMostBytes) {
    cards_.clear();
    bytes_ = 0;
  }
  if (cards_.emplace(digest, std::move(card)).second) bytes_ += bytes;
}

}  // namespace ropewalk
