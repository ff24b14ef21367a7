#include "services/client/worker_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
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

const v1::Link* LinkToSuccessor(const v1::Worker& worker) {
  for (const v1::Link& link : worker.links()) {
    if (link.worker() == worker.ring_successor()) return &link;
  }
  return nullptr;
}

// Its ring successor, and the way there.
std::vector<std::string> RingCells(const v1::Worker& worker) {
  const std::string next = LastPart(worker.ring_successor());
  const v1::Link* const link = LinkToSuccessor(worker);
  if (link == nullptr) return {next, "", ""};
  if (link->has_error()) return {next, "unreachable", ""};
  return {next, HumanBitRate(link->bytes_per_second()),
          absl::StrFormat("%.2f ms", 1000 * link->round_trip_seconds())};
}

std::string Addresses(const v1::Worker& worker) {
  const auto& more = worker.more_ring_addresses();
  return absl::StrCat(worker.ring_address(), more.empty() ? "" : ",", absl::StrJoin(more, ","));
}

}  // namespace

Table WorkerTable(const std::vector<v1::Worker>& workers, bool wide, absl::Time now) {
  std::vector<std::string> headings = {"NAME", "STATE", "JOB", "RANK", "TOKENS/S", "SEEN"};
  if (wide) {
    headings.insert(headings.end(), {"NEXT", "RATE", "ROUND TRIP", "ADDRESS", "THREADS", "MEMORY",
                                     "DEVICE", "VERSION", "ACTIVITY"});
  }
  Table table(headings);
  for (const v1::Worker& worker : workers) {
    const std::string rank = worker.job().empty() ? "" : absl::StrCat(worker.rank());
    std::vector<std::string> row = {LastPart(worker.name()), StateOf(worker),
                                    LastPart(worker.job()),  rank,
                                    Speed(worker),           Age(worker.last_report_time(), now)};
    if (wide) {
      const v1::WorkerCapacity& capacity = worker.capacity();
      for (std::string& cell : RingCells(worker)) row.push_back(std::move(cell));
      row.insert(row.end(), {Addresses(worker), absl::StrCat(capacity.threads()),
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
