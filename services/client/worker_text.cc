#include "services/client/worker_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/client/enum_text.h"
#include "services/client/human.h"

namespace ropewalk {
namespace {

std::string StateOf(const v1::Worker& worker) {
  const auto* value = v1::Worker::State_descriptor()->FindValueByNumber(worker.state());
  return value == nullptr ? absl::StrCat("state ", worker.state()) : EnumText(value);
}

std::string Speed(const v1::Worker& worker) {
  return worker.tokens_per_second() == 0 ? "" : HumanCount(worker.tokens_per_second());
}

}  // namespace

Table WorkerTable(const std::vector<v1::Worker>& workers, bool wide, absl::Time now) {
  std::vector<std::string> headings = {"NAME", "STATE", "JOB", "RANK", "TOKENS/S", "SEEN"};
  if (wide) {
    headings.insert(headings.end(),
                    {"ADDRESS", "THREADS", "MEMORY", "DEVICE", "VERSION", "ACTIVITY"});
  }
  Table table(headings);
  for (const v1::Worker& worker : workers) {
    const std::string rank = worker.job().empty() ? "" : absl::StrCat(worker.rank());
    std::vector<std::string> row = {LastPart(worker.name()), StateOf(worker),
                                    LastPart(worker.job()),  rank,
                                    Speed(worker),           Age(worker.last_report_time(), now)};
    if (wide) {
      const v1::WorkerCapacity& capacity = worker.capacity();
      row.insert(row.end(), {worker.ring_address(), absl::StrCat(capacity.threads()),
                             HumanBytes(capacity.memory_bytes()), capacity.device(),
                             worker.version(), worker.activity()});
    }
    table.AddRow(row);
  }
  return table;
}

Table ThreadTable(const v1::ListThreadsResponse& threads) {
  Table table({"ID", "NAME", "STATE", "CPU"});
  for (const v1::Thread& thread : threads.threads()) {
    table.AddRow({absl::StrCat(thread.id()), thread.name(), thread.state(),
                  absl::StrFormat("%.2fs", thread.cpu_seconds())});
  }
  return table;
}

}  // namespace ropewalk
