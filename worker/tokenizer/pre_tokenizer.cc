#include "worker/tokenizer/pre_tokenizer.h"

#include <cstddef>

#include "services/common/status_macros.h"

namespace ropewalk {

absl::StatusOr<PreTokenizer> PreTokenizer::Create(const std::vector<std::string>& expressions) {
  PreTokenizer pre_tokenizer;
  for (const std::string& expression : expressions) {
    ASSIGN_OR_RETURN(Regex regex, Regex::Create(expression));
    pre_tokenizer.regexes_.push_back(std::move(regex));
  }
  return pre_tokenizer;
}

absl::Status PreTokenizer::ForEachWord(
    absl::string_view text, absl::FunctionRef<absl::Status(absl::string_view)> visit) const {
  return Cut(0, text, visit);
}

absl::Status PreTokenizer::Cut(size_t regex, absl::string_view text,
                               absl::FunctionRef<absl::Status(absl::string_view)> visit) const {
  if (text.empty()) return absl::OkStatus();
  if (regex == regexes_.size()) return visit(text);
  size_t done = 0;
  RETURN_IF_ERROR(regexes_[regex].ForEachMatch(text, [&](size_t begin, size_t end) {
    RETURN_IF_ERROR(Cut(regex + 1, text.substr(done, begin - done), visit));
    done = end;
    return Cut(regex + 1, text.substr(begin, end - begin), visit);
  }));
  return Cut(regex + 1, text.substr(done), visit);
}

}  // namespace ropewalk
