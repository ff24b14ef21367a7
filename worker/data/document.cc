#include "worker/data/document.h"

#include <algorithm>

namespace ropewalk {

int64_t Document::target_count() const {
  int64_t count = 0;
  for (const TokenRange& range : targets) count += range.end - range.begin;
  return count;
}

void Document::Learn(int32_t begin, int32_t end) {
  begin = std::max(begin, targets.empty() ? 1 : targets.back().end);
  if (begin >= end) return;
  if (!targets.empty() && targets.back().end == begin) {
    targets.back().end = end;
  } else {
    targets.push_back({begin, end});
  }
}

void Document::Cut(int32_t length) {
  if (length >= static_cast<int32_t>(tokens.size())) return;
  tokens.resize(length);
  for (TokenRange& range : targets) range.end = std::min(range.end, length);
  std::erase_if(targets, [](const TokenRange& range) { return range.begin >= range.end; });
}

}  // namespace ropewalk
