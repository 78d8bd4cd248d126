#include "resolver/front/in_flight.h"

#include <algorithm>
#include <new>

namespace vouch {

static_assert((kShards & (kShards - 1)) == 0, "shards are chosen by a mask");

void WorkerDoor::hand_in(const std::shared_ptr<WorkerDoor>& self, std::vector<ClientId> clients, SharedAnswer answer) {
  auto work = [self, clients = std::move(clients), answer = std::move(answer)] { self->deliver_now(clients, *answer); };
  const std::scoped_lock lock(self->mutex_);
  if (self->executor_ != nullptr) { self->executor_->post(std::move(work)); }
}

void WorkerDoor::deliver_now(std::span<const ClientId> clients, const Answer& answer) {
  if (!is_shut_) { deliver_(clients, answer); }
}

void WorkerDoor::shut() {
  is_shut_ = true;
  const std::scoped_lock lock(mutex_);
  executor_ = nullptr;
}

std::uint64_t QuestionKey::hash() const noexcept {
  // Names are hashed with a secret key; type and CD only have to tell a name's few questions apart.
  const std::uint64_t rest = static_cast<std::uint64_t>(type) << 1 | (cd ? 1 : 0);
  return name.view().hash(process_hash_key()) ^ rest * 0x9e3779b97f4a7c15U;
}

InFlight::Role InFlight::join(const QuestionKey& question, const WorkerDoorPtr& door, ClientId client) {
  Shard& shard = shard_of(question);
  const std::scoped_lock lock(shard.mutex);
  const auto [entry, is_new] = shard.questions.try_emplace(question);
  Entry& followers = entry->second;
  try {
    auto ours = std::ranges::find(followers, door, &Followers::door);
    if (ours == followers.end()) { ours = followers.insert(followers.end(), {door, {}}); }
    ours->clients.push_back(client);
  } catch (const std::bad_alloc&) {
    if (is_new) { shard.questions.erase(entry); }  // nobody leads it: all who come later would wait for ever
    throw;
  }
  return is_new ? Role::leads : Role::joined;
}

bool InFlight::is_under_way(const QuestionKey& question) {
  Shard& shard = shard_of(question);
  const std::scoped_lock lock(shard.mutex);
  return shard.questions.contains(question);
}

bool InFlight::lead(const QuestionKey& question) {
  Shard& shard = shard_of(question);
  const std::scoped_lock lock(shard.mutex);
  return shard.questions.try_emplace(question).second;
}

void InFlight::finish(const QuestionKey& question, const WorkerDoor* own, SharedAnswer answer) {
  Entry waiting;
  {
    Shard& shard = shard_of(question);
    const std::scoped_lock lock(shard.mutex);
    const auto entry = shard.questions.find(question);
    if (entry == shard.questions.end()) { return; }
    waiting = std::move(entry->second);
    shard.questions.erase(entry);
  }
  const Followers* ours = nullptr;
  for (Followers& followers : waiting) {  // the others first: their threads can start
    if (followers.door.get() == own) {
      ours = &followers;
    } else {
      try {
        WorkerDoor::hand_in(followers.door, std::move(followers.clients), answer);
      } catch (const std::bad_alloc&) { followers.door->note_loss(); }
    }
  }
  if (ours != nullptr) { ours->door->deliver_now(ours->clients, *answer); }
}

std::optional<WaitingShares::Place> WaitingShares::take(const IpAddress& client, const QuestionKey& question,
                                                        const Limits& limits) {
  const std::uint64_t client_key = siphash13(process_hash_key(), client.octets());
  Octet both[16];
  store64(both, client_key);
  store64(both + 8, question.hash());
  const std::uint64_t question_key = siphash13(process_hash_key(), both);

  if (!count_up(client_key, limits.per_client)) { return std::nullopt; }
  bool has_place = false;
  try {
    has_place = count_up(question_key, limits.per_question);
  } catch (...) {  // out of memory: a place that nobody gives back would be lost for good
    count_down(client_key);
    throw;
  }
  if (!has_place) {
    count_down(client_key);
    return std::nullopt;
  }
  return Place(this, client_key, question_key);
}

bool WaitingShares::count_up(std::uint64_t key, std::uint32_t limit) {
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  std::uint32_t& count = shard.counts[key];
  if (count >= limit) {
    if (count == 0) { shard.counts.erase(key); }  // a limit of nought keeps nothing
    return false;
  }
  ++count;
  return true;
}

void WaitingShares::count_down(std::uint64_t key) noexcept {
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.counts.find(key);
  if (found != shard.counts.end() && --found->second == 0) { shard.counts.erase(found); }
}

void WaitingShares::give_back(std::uint64_t client, std::uint64_t question) noexcept {
  count_down(client);
  count_down(question);
}

}  // namespace vouch
