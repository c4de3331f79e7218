BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE articles (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	category VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	keywords JSON NOT NULL, 
	examples JSON NOT NULL, 
	CONSTRAINT pk_articles PRIMARY KEY (id), 
	CONSTRAINT uq_articles_key_language UNIQUE ("key", language)
);
CREATE TABLE calls (
	call_id VARCHAR NOT NULL, 
	sip_call_id VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	contact_id INTEGER, 
	case_number VARCHAR, 
	outcome VARCHAR, 
	agent VARCHAR, 
	started_ms BIGINT NOT NULL, 
	call JSON NOT NULL, 
	CONSTRAINT pk_calls PRIMARY KEY (call_id)
);
INSERT INTO "calls" VALUES('1764000000.1','','+46701740605',1,'C-000001','answered',NULL,1764000000000,'{"call_id": "1764000000.1", "node": "main", "stage": "ended", "sip_call_id": "", "number": "+46701740605", "name": "", "codec": "", "match": "none", "how": "nothing", "contact_id": 1, "contact_name": "Maria Lind", "language": "", "transcript": "skrivaren brinner", "confidence": null, "words": [{"text": "skrivaren", "start_s": 0.0, "end_s": 0.7, "confidence": 0.97}, {"text": "brinner", "start_s": 0.8, "end_s": 1.2, "confidence": 0.9}], "case": {"number": "C-000001", "title": "Skrivaren brinner", "service": "printing", "category": "incident", "impact": "one", "urgency": "stopped", "priority": 3, "because": {"service": ["skrivaren"]}, "has_statement": true, "opened_ms": 1764000010000, "status": "open"}, "open_cases": [{"number": "C-000002", "title": "Den som ringde sa inte vad det g\u00e4ller", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000100000, "status": "open"}], "suggestions": [{"article": "printer-fire", "title": "Fire", "score": 0.5, "because": ["brinner"]}], "similar": [{"number": "C-000003", "title": "Chosen by key: Email", "service": "email", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000200000, "status": "resolved"}], "queue": "", "position": null, "agent": null, "offers": [], "marks": {"answered": 1764000000000, "heard": 1764000009000, "registered": 1764000010100, "queued": 1764000020000, "ended": 1764000060000}, "dialogue": "", "outcome": "answered"}');
INSERT INTO "calls" VALUES('1764000100.2','','',NULL,'C-000002',NULL,NULL,1764000090000,'{"call_id": "1764000100.2", "node": "main", "stage": "queued", "sip_call_id": "", "number": "", "name": "", "codec": "", "match": "none", "how": "nothing", "contact_id": null, "contact_name": "", "language": "", "transcript": "", "confidence": null, "words": [], "case": {"number": "C-000002", "title": "Den som ringde sa inte vad det g\u00e4ller", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000100000, "status": "open"}, "open_cases": [], "suggestions": [], "similar": [], "queue": "", "position": null, "agent": null, "offers": [], "marks": {"answered": 1764000090000, "registered": 1764000100050, "queued": 1764000101000}, "dialogue": "", "outcome": null}');
CREATE TABLE case_history (
	id INTEGER NOT NULL, 
	case_number VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	changes JSON NOT NULL, change_id VARCHAR, 
	CONSTRAINT pk_case_history PRIMARY KEY (id), 
	CONSTRAINT fk_case_history_case_number FOREIGN KEY(case_number) REFERENCES cases (number)
);
INSERT INTO "case_history" VALUES(1,'C-000001',1764000010000,'ivr','registered','{"title": {"old": null, "new": "Inte s\u00e4kert uppfattat: skrivaren brinner"}, "description": {"old": null, "new": "skrivaren brinner"}, "service": {"old": null, "new": ""}, "category": {"old": null, "new": ""}, "impact": {"old": null, "new": "one"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 3}, "language": {"old": null, "new": "sv"}, "because": {"old": null, "new": {}}, "contact_id": {"old": null, "new": 1}, "contact_name": {"old": null, "new": "Maria Lind"}, "caller_number": {"old": null, "new": "+46701740605"}, "call_id": {"old": null, "new": "1764000000.1"}, "statement": {"old": null, "new": "skrivaren brinner"}, "words": {"old": null, "new": [{"text": "skrivaren", "start_s": 0.0, "end_s": 0.7, "confidence": 0.97}, {"text": "brinner", "start_s": 0.8, "end_s": 1.2, "confidence": 0.9}]}, "status": {"old": null, "new": "open"}}','change-1');
INSERT INTO "case_history" VALUES(2,'C-000001',1764000010000,'ivr','Den som ringde tillfrågades om de hade sagt: skrivaren brinner (säkerhet 0.80)','{}',NULL);
INSERT INTO "case_history" VALUES(3,'C-000001',1764000015000,'ivr','Den som ringde sa ja till: skrivaren brinner (säkerhet 0.80)','{"title": {"old": "Inte s\u00e4kert uppfattat: skrivaren brinner", "new": "Skrivaren brinner"}, "service": {"old": "", "new": "printing"}, "category": {"old": "", "new": "incident"}, "urgency": {"old": "hindered", "new": "stopped"}, "because": {"old": {}, "new": {"service": ["skrivaren"]}}}','change-2');
INSERT INTO "case_history" VALUES(4,'C-000001',1764000900000,'ivr','Den som ringde ringde igen om det här ärendet från +46701740605','{}','change-3');
INSERT INTO "case_history" VALUES(5,'C-000001',1764000910000,'ivr','Den som ringde sa: nu luktar det också (säkerhet 0.95)','{"description": {"old": "skrivaren brinner", "new": "skrivaren brinner\nnu luktar det ocks\u00e5"}, "statement": {"old": "skrivaren brinner", "new": "nu luktar det ocks\u00e5"}, "words": {"old": [{"text": "skrivaren", "start_s": 0.0, "end_s": 0.7, "confidence": 0.97}, {"text": "brinner", "start_s": 0.8, "end_s": 1.2, "confidence": 0.9}], "new": []}}','change-4');
INSERT INTO "case_history" VALUES(6,'C-000002',1764000100000,'ivr','registered','{"title": {"old": null, "new": "Den som ringde sa inte vad det g\u00e4ller"}, "description": {"old": null, "new": ""}, "service": {"old": null, "new": ""}, "category": {"old": null, "new": ""}, "impact": {"old": null, "new": "one"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 3}, "language": {"old": null, "new": "sv"}, "because": {"old": null, "new": {}}, "contact_id": {"old": null, "new": null}, "contact_name": {"old": null, "new": ""}, "caller_number": {"old": null, "new": ""}, "call_id": {"old": null, "new": "1764000100.2"}, "statement": {"old": null, "new": ""}, "words": {"old": null, "new": []}, "status": {"old": null, "new": "open"}}','change-5');
INSERT INTO "case_history" VALUES(7,'C-000003',1764000200000,'ivr','registered','{"title": {"old": null, "new": "Chosen by key: Email"}, "description": {"old": null, "new": ""}, "service": {"old": null, "new": "email"}, "category": {"old": null, "new": ""}, "impact": {"old": null, "new": "one"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 3}, "language": {"old": null, "new": "en"}, "because": {"old": null, "new": {}}, "contact_id": {"old": null, "new": null}, "contact_name": {"old": null, "new": ""}, "caller_number": {"old": null, "new": ""}, "call_id": {"old": null, "new": "1764000200.3"}, "statement": {"old": null, "new": ""}, "words": {"old": null, "new": []}, "status": {"old": null, "new": "open"}}','change-6');
INSERT INTO "case_history" VALUES(8,'C-000003',1764000300000,'demo','the demo begins anew','{"status": {"old": "open", "new": "resolved"}}',NULL);
CREATE TABLE cases (
	number VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	category VARCHAR NOT NULL, 
	impact VARCHAR NOT NULL, 
	urgency VARCHAR NOT NULL, 
	priority INTEGER NOT NULL, 
	language VARCHAR NOT NULL, 
	because JSON NOT NULL, 
	contact_id INTEGER, 
	contact_name VARCHAR NOT NULL, 
	caller_number VARCHAR NOT NULL, 
	call_id VARCHAR NOT NULL, 
	statement VARCHAR NOT NULL, 
	words JSON NOT NULL, 
	opened_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	CONSTRAINT pk_cases PRIMARY KEY (number), 
	CONSTRAINT fk_cases_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
);
INSERT INTO "cases" VALUES('C-000001','Skrivaren brinner','skrivaren brinner
nu luktar det också','open','printing','incident','one','stopped',3,'sv','{"service": ["skrivaren"]}',1,'Maria Lind','+46701740605','1764000000.1','nu luktar det också','[]',1764000010000,1764000910000);
INSERT INTO "cases" VALUES('C-000002','Den som ringde sa inte vad det gäller','','open','','','one','hindered',3,'sv','{}',NULL,'','','1764000100.2','','[]',1764000100000,1764000100000);
INSERT INTO "cases" VALUES('C-000003','Chosen by key: Email','','resolved','email','','one','hindered',3,'en','{}',NULL,'','','1764000200.3','','[]',1764000200000,1764000300000);
CREATE TABLE contact_numbers (
	id INTEGER NOT NULL, 
	contact_id INTEGER NOT NULL, 
	e164 VARCHAR NOT NULL, 
	CONSTRAINT pk_contact_numbers PRIMARY KEY (id), 
	CONSTRAINT uq_contact_numbers_contact_id_e164 UNIQUE (contact_id, e164), 
	CONSTRAINT fk_contact_numbers_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
);
INSERT INTO "contact_numbers" VALUES(1,1,'+46701740605');
CREATE TABLE contacts (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	employee_number VARCHAR, 
	extension VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	department VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	vip BOOLEAN NOT NULL, 
	CONSTRAINT pk_contacts PRIMARY KEY (id), 
	CONSTRAINT uq_contacts_employee_number UNIQUE (employee_number)
);
INSERT INTO "contacts" VALUES(1,'Maria Lind','4217','','','','','en',0);
CREATE TABLE counters (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('case',3);
CREATE TABLE facts (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	event_id VARCHAR NOT NULL, 
	stream VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	received_ms BIGINT NOT NULL, 
	node VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	CONSTRAINT uq_facts_event_id UNIQUE (event_id)
);
INSERT INTO "facts" VALUES(1,'f1','dialogue','CallAnswered','1764000000.1',1764000000000,1764000500000,'main','CallAnswered {"at_ms": 1764000000000, "event_id": "f1", "call_id": "1764000000.1", "node": "main", "sip_call_id": "", "number": "+46701740605", "name": "", "codec": ""}');
INSERT INTO "facts" VALUES(2,'f2','dialogue','StatementHeard','1764000000.1',1764000009000,1764000500000,'main','StatementHeard {"at_ms": 1764000009000, "event_id": "f2", "call_id": "1764000000.1", "node": "main", "text": "skrivaren brinner", "confidence": 0.8, "words": [{"text": "skrivaren", "start_s": 0.0, "end_s": 0.7, "confidence": 0.97}, {"text": "brinner", "start_s": 0.8, "end_s": 1.2, "confidence": 0.9}]}');
INSERT INTO "facts" VALUES(3,'f3','cases','CaseRegistered','1764000000.1',1764000010100,1764000500000,'main','CaseRegistered {"at_ms": 1764000010100, "event_id": "f3", "call_id": "1764000000.1", "node": "main", "case": {"number": "C-000001", "title": "Skrivaren brinner", "service": "printing", "category": "incident", "impact": "one", "urgency": "stopped", "priority": 3, "because": {"service": ["skrivaren"]}, "has_statement": false, "opened_ms": 1764000010000, "status": "open"}, "open_cases": [{"number": "C-000002", "title": "Den som ringde sa inte vad det gäller", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000100000, "status": "open"}]}');
INSERT INTO "facts" VALUES(4,'f4','cases','SuggestionsFound','1764000000.1',1764000010200,1764000500000,'main','SuggestionsFound {"at_ms": 1764000010200, "event_id": "f4", "call_id": "1764000000.1", "node": "main", "suggestions": [{"article": "printer-fire", "title": "Fire", "score": 0.5, "because": ["brinner"]}], "similar": [{"number": "C-000003", "title": "Chosen by key: Email", "service": "email", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000200000, "status": "resolved"}]}');
INSERT INTO "facts" VALUES(5,'f5','cases','CaseRegistered','1764000000.1',1764000015100,1764000500000,'main','CaseRegistered {"at_ms": 1764000015100, "event_id": "f5", "call_id": "1764000000.1", "node": "main", "case": {"number": "C-000001", "title": "Skrivaren brinner", "service": "printing", "category": "incident", "impact": "one", "urgency": "stopped", "priority": 3, "because": {"service": ["skrivaren"]}, "has_statement": true, "opened_ms": 1764000010000, "status": "open"}, "open_cases": [{"number": "C-000002", "title": "Den som ringde sa inte vad det gäller", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000100000, "status": "open"}]}');
INSERT INTO "facts" VALUES(6,'f6','asterisk','QueueJoined','1764000000.1',1764000020000,1764000500000,'main','QueueJoined {"at_ms": 1764000020000, "event_id": "f6", "call_id": "1764000000.1", "node": "main", "queue": "support", "position": 1, "number": "", "name": ""}');
INSERT INTO "facts" VALUES(7,'f7','asterisk','CallEnded','1764000000.1',1764000060000,1764000500000,'main','CallEnded {"at_ms": 1764000060000, "event_id": "f7", "call_id": "1764000000.1", "node": "main", "cause": ""}');
INSERT INTO "facts" VALUES(8,'f8','dialogue','CallAnswered','1764000100.2',1764000090000,1764000500000,'main','CallAnswered {"at_ms": 1764000090000, "event_id": "f8", "call_id": "1764000100.2", "node": "main", "sip_call_id": "", "number": "", "name": "", "codec": ""}');
INSERT INTO "facts" VALUES(9,'f9','cases','CaseRegistered','1764000100.2',1764000100050,1764000500000,'main','CaseRegistered {"at_ms": 1764000100050, "event_id": "f9", "call_id": "1764000100.2", "node": "main", "case": {"number": "C-000002", "title": "Den som ringde sa inte vad det gäller", "service": "", "category": "", "impact": "one", "urgency": "hindered", "priority": 3, "because": {}, "has_statement": false, "opened_ms": 1764000100000, "status": "open"}, "open_cases": []}');
INSERT INTO "facts" VALUES(10,'f10','asterisk','QueueJoined','1764000100.2',1764000101000,1764000500000,'main','QueueJoined {"at_ms": 1764000101000, "event_id": "f10", "call_id": "1764000100.2", "node": "main", "queue": "support", "position": 2, "number": "", "name": ""}');
CREATE TABLE positions (
	reader VARCHAR NOT NULL, 
	stream VARCHAR NOT NULL, 
	position VARCHAR NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	CONSTRAINT pk_positions PRIMARY KEY (reader, stream)
);
INSERT INTO "positions" VALUES('bridge','cases','5-1',1764000000000);
INSERT INTO "positions" VALUES('calls','facts','10',1764000000000);
CREATE TABLE recordings (
	id INTEGER NOT NULL, 
	case_number VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	file VARCHAR NOT NULL, 
	rate_hz INTEGER NOT NULL, 
	length_ms INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	change_id VARCHAR, 
	CONSTRAINT pk_recordings PRIMARY KEY (id), 
	CONSTRAINT uq_recordings_case_number_attempt UNIQUE (case_number, attempt), 
	CONSTRAINT uq_recordings_file UNIQUE (file), 
	CONSTRAINT uq_recordings_change_id UNIQUE (change_id)
);
INSERT INTO "recordings" VALUES(1,'C-000001',1,'C-000001-1.wav',16000,1400,1764000010000,'change-1');
CREATE TABLE sessions (
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	csrf VARCHAR NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_username UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'anna','Anna Dahl','agent','en','x');
CREATE INDEX ix_contacts_extension ON contacts (extension);
CREATE INDEX ix_contact_numbers_e164 ON contact_numbers (e164);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_sessions_expires_ms ON sessions (expires_ms);
CREATE INDEX ix_cases_call_id ON cases (call_id);
CREATE INDEX ix_cases_contact_id ON cases (contact_id);
CREATE INDEX ix_cases_status_opened_ms ON cases (status, opened_ms);
CREATE INDEX ix_case_history_case_number ON case_history (case_number);
CREATE INDEX ix_calls_number ON calls (number);
CREATE INDEX ix_calls_sip_call_id ON calls (sip_call_id);
CREATE INDEX ix_calls_started_ms ON calls (started_ms);
CREATE INDEX ix_calls_case_number ON calls (case_number);
CREATE INDEX ix_calls_contact_id ON calls (contact_id);
CREATE TRIGGER case_history_no_update BEFORE UPDATE ON case_history BEGIN SELECT RAISE(ABORT, 'case history is append-only'); END;
CREATE TRIGGER case_history_no_delete BEFORE DELETE ON case_history BEGIN SELECT RAISE(ABORT, 'case history is append-only'); END;
CREATE INDEX ix_facts_subject_seq ON facts (subject, seq);
CREATE INDEX ix_facts_kind_received_ms ON facts (kind, received_ms);
CREATE INDEX ix_recordings_at_ms ON recordings (at_ms);
CREATE UNIQUE INDEX ix_case_history_change_id ON case_history (change_id);
CREATE INDEX ix_calls_unfinished ON calls (started_ms) WHERE outcome IS NULL;
CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('facts',10);
COMMIT;
