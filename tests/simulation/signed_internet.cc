#include "tests/simulation/signed_internet.h"

#include <algorithm>

namespace vouch::simulation {

namespace {

void put(const RRset& set, bool with_signatures, std::vector<Record>& to) {
  const auto add = [&](Type type, Bytes rdata) {
    Record record;
    record.owner = Name(set.owner());
    record.type = type;
    record.ttl = set.ttl();
    record.rdata = Buffer(rdata.begin(), rdata.end());
    record.canonical = record.rdata;
    to.push_back(std::move(record));
  };
  for (const Bytes rdata : set.rdata()) { add(set.type(), rdata); }
  if (!with_signatures) { return; }
  for (const Bytes signature : set.signatures()) { add(Type::RRSIG, signature); }
}

bool is_denial(const RRset& set) { return set.type() == Type::NSEC || set.type() == Type::NSEC3; }

}  // namespace

Message message_of(const Reply& reply, const Message& query) {
  Message message = Message::reply_to(query);
  const bool dnssec_ok = query.edns && query.edns->dnssec_ok;
  message.aa = reply.aa;
  message.rcode = reply.rcode;
  const std::pair<const std::vector<RRsetPtr>*, std::vector<Record>*> sections[] = {
      {&reply.answer, &message.answer},
      {&reply.authority, &message.authority},
      {&reply.additional, &message.additional}};
  for (const auto& [from, to] : sections) {
    for (const RRsetPtr& set : *from) {
      const bool is_asked_for = query.question->type == set->type();
      if (!dnssec_ok && !is_asked_for && (is_denial(*set) || set->type() == Type::DS)) { continue; }
      put(*set, dnssec_ok, *to);
    }
  }
  return message;
}

SignedInternet::SignedInternet() {
  net_.options().start = dnssec_kit::kNow;
  SignedZone& root = add(".", {Internet::kRootAddress});
  root.lacks(".", Type::NS).has(". 518400 IN NS a.root-servers.net.");
  root.has("a.root-servers.net. 518400 IN A " + std::string(Internet::kRootAddress));
  dnssec().mode = DnssecMode::enforce;
  dnssec().trust_anchors = {{Name(), Type::DS, root.ds()}};
}

SignedZone& SignedInternet::add(std::string_view origin, const std::vector<std::string_view>& addresses,
                                const ZoneStyle& style) {
  const Name name = Name::of(origin);
  for (NameView above = name.view(); !above.is_root();) {
    above = above.parent();
    const auto parent = zones_.find(Name(above));
    if (parent == zones_.end()) { continue; }
    const SignedZone child(origin, style);
    parent->second->delegates(origin, addresses,
                              style.is_signed ? std::vector<Buffer>{child.ds()} : std::vector<Buffer>{});
    break;
  }
  auto& zone = zones_[name];
  zone = std::make_unique<SignedZone>(origin, style);
  zone->lacks(origin, Type::NS);
  int number = 0;
  for (const std::string_view address : addresses) {
    Name server(name);
    server.prepend_label(bytes_of("ns" + std::to_string(++number)));
    zone->has(name.text() + " 86400 IN NS " + server.text());
    zone->has(server.text() + " 86400 IN A " + std::string(address));
    const std::string at(address);
    served_[at].insert(name);
    net_.server(address).serves(name);
    net_.server(address).answers_with([this, at](const Message& query) { return reply(at, query); });
  }
  return *zone;
}

SignedZone& SignedInternet::zone(std::string_view origin) { return *zones_.at(Name::of(origin)); }

void SignedInternet::tamper(std::string_view where, const Tamper& how) {
  if (served_.contains(std::string(where))) {
    tampers_[std::string(where)] = how;
    return;
  }
  const Name zone = Name::of(where);
  for (const auto& [address, origins] : served_) {
    if (origins.contains(zone)) { tampers_[address] = how; }
  }
}

std::optional<Message> SignedInternet::reply(const std::string& address, const Message& query) const {
  const Question question{query.question->name, query.question->type};
  const SignedZone* best = nullptr;
  for (const Name& origin : served_.at(address)) {  // parents come before their children
    if (!question.name.view().is_at_or_below(origin)) { continue; }
    // A server of both sides of a cut answers for the DS as the parent (RFC 4035 section 3.1.4.1).
    if (question.type == Type::DS && best != nullptr && origin == question.name) { continue; }
    best = zones_.at(origin).get();
  }
  if (best == nullptr) { return std::nullopt; }
  Reply reply = best->answer(question);
  if (const auto tamper = tampers_.find(address); tamper != tampers_.end()) { tamper->second(question, reply); }
  return message_of(reply, query);
}

std::string SignedInternet::told(const ClientAnswer& answer) {
  if (answer.is_silence() || !answer.is_readable()) { return answer.summary(); }
  std::string line(rcode_text(answer.rcode()));
  if (answer.message().ad) { line += " AD"; }
  for (const Record& record : answer.message().answer) { line += " " + record.text(); }
  if (const auto ede = answer.ede()) {
    line += " EDE " + std::to_string(static_cast<unsigned>(*ede));
    if (const std::string text = answer.ede_text(); !text.empty()) { line += ": " + text; }
  }
  return line;
}

std::string SignedInternet::ask(std::string_view name, Type type, const Asking& how) {
  return told(net_.ask(name, type, how));
}

std::size_t SignedInternet::new_questions() {
  const std::size_t count = net_.questions();
  net_.forget_questions();
  return count;
}

std::size_t SignedInternet::asked_of_type(Type type) {
  const auto& asked = world().upstream().asked();
  return static_cast<std::size_t>(std::ranges::count_if(asked, [type](const Asked& each) {
    const auto query = Message::decode(each.packet);
    return query && query->question && query->question->type == type;
  }));
}

Tamper each(Type type, std::function<RRsetPtr(const RRset&)> change) {
  return [type, change = std::move(change)](const Question&, Reply& reply) {
    for (auto* section : {&reply.answer, &reply.authority}) {
      std::vector<RRsetPtr> changed;
      for (const RRsetPtr& set : *section) {
        const bool is_meant = type == Type::ANY || set->type() == type;
        RRsetPtr now = is_meant ? change(*set) : set;
        if (now) { changed.push_back(std::move(now)); }
      }
      *section = std::move(changed);
    }
  };
}

RRsetPtr without_signatures(const RRset& set) { return dnssec_kit::with_signatures(set, {}); }

Tamper strip_signatures(Type type) { return each(type, without_signatures); }

Tamper drop(Type type) {
  return each(type, [](const RRset&) { return RRsetPtr(); });
}

Tamper all_of(std::vector<Tamper> tampers) {
  return [tampers = std::move(tampers)](const Question& question, Reply& reply) {
    for (const Tamper& tamper : tampers) { tamper(question, reply); }
  };
}

Tamper only_for(std::string_view name, Type type, Tamper how) {
  return [name = Name::of(name), type, how = std::move(how)](const Question& question, Reply& reply) {
    if (question.name == name && (type == Type::ANY || question.type == type)) { how(question, reply); }
  };
}

Tamper say(Reply said) {
  return [said = std::move(said)](const Question&, Reply& reply) { reply = said; };
}

RRsetPtr with_data_of(const RRset& set, std::string_view record) {
  std::vector<Buffer> signatures;
  for (const Bytes signature : set.signatures()) { signatures.emplace_back(signature.begin(), signature.end()); }
  return dnssec_kit::with_signatures(*dnssec_kit::set_of({record}), signatures);
}

}  // namespace vouch::simulation
