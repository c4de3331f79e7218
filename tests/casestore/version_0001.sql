BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "articles" VALUES(1,'blank','en','The printer prints blank pages','printing','incident','# Change the toner

Open it; it''s "empty".','["printer", "blank"]','[]');
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
INSERT INTO "calls" VALUES('1763000010.4','abc@host','+46701740605',1,'C-000003','answered','anna',1763000010000,'{"call_id": "1763000010.4", "stage": "ended", "sip_call_id": "abc@host", "number": "+46701740605", "name": "", "codec": "", "match": "none", "how": "nothing", "contact_id": 1, "contact_name": "", "language": "", "partial": "", "transcript": "skrivaren p\u00e5 v\u00e5ning tv\u00e5 skriver ingenting", "confidence": null, "words": [], "case": {"number": "C-000003", "title": "Skrivaren p\u00e5 v\u00e5ning tv\u00e5 skriver ingenting", "service": "printing", "category": "incident", "impact": "several", "urgency": "hindered", "priority": 2, "because": {"service": ["skrivaren"]}, "has_statement": true, "opened_ms": 1763000020000, "status": "open"}, "open_cases": [], "suggestions": [], "similar": [], "queue": "", "position": null, "agent": "anna", "offers": [], "marks": {"answered": 1763000010000, "registered": 1763000020000, "ended": 1763000090000}, "dialogue": "", "outcome": "answered"}');
INSERT INTO "calls" VALUES('1763000200.8','def@host','',NULL,NULL,NULL,NULL,1763000200000,'{"call_id": "1763000200.8", "stage": "ivr", "sip_call_id": "def@host", "number": "", "name": "", "codec": "", "match": "none", "how": "nothing", "contact_id": null, "contact_name": "", "language": "", "partial": "", "transcript": "", "confidence": null, "words": [], "case": null, "open_cases": [], "suggestions": [], "similar": [], "queue": "", "position": null, "agent": null, "offers": [], "marks": {"answered": 1763000200000}, "dialogue": "", "outcome": null}');
CREATE TABLE case_history (
	id INTEGER NOT NULL, 
	case_number VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	changes JSON NOT NULL, 
	CONSTRAINT pk_case_history PRIMARY KEY (id), 
	CONSTRAINT fk_case_history_case_number FOREIGN KEY(case_number) REFERENCES cases (number)
);
INSERT INTO "case_history" VALUES(1,'C-000001',1763000000000,'demo','registered','{"title": {"old": null, "new": "The label printer in hall B prints blank pages"}, "description": {"old": null, "new": ""}, "service": {"old": null, "new": "printing"}, "category": {"old": null, "new": "incident"}, "impact": {"old": null, "new": "several"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 3}, "language": {"old": null, "new": "en"}, "because": {"old": null, "new": {"service": ["printer"], "impact": ["we"], "urgency": ["by hand"]}}, "contact_id": {"old": null, "new": 7}, "contact_name": {"old": null, "new": "Lars \u00d6berg"}, "caller_number": {"old": null, "new": "+46701740612"}, "call_id": {"old": null, "new": ""}, "statement": {"old": null, "new": "the label printer in hall b only prints blank pages so we write the labels by hand"}, "words": {"old": null, "new": []}, "status": {"old": null, "new": "open"}}');
INSERT INTO "case_history" VALUES(2,'C-000002',1763000000000,'demo','registered','{"title": {"old": null, "new": "VPN kobler ned hvert tiende minutt"}, "description": {"old": null, "new": ""}, "service": {"old": null, "new": "network"}, "category": {"old": null, "new": "incident"}, "impact": {"old": null, "new": "one"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 4}, "language": {"old": null, "new": "nb"}, "because": {"old": null, "new": {"service": ["vpn"], "urgency": ["kobler ned"]}}, "contact_id": {"old": null, "new": 10}, "contact_name": {"old": null, "new": "Ingunn S\u00f8rlie"}, "caller_number": {"old": null, "new": "+46701740613"}, "call_id": {"old": null, "new": ""}, "statement": {"old": null, "new": "vpn kobler ned hvert tiende minutt n\u00e5r jeg jobber hjemmefra"}, "words": {"old": null, "new": []}, "status": {"old": null, "new": "open"}}');
INSERT INTO "case_history" VALUES(3,'C-000003',1763000020000,'ivr','registered','{"title": {"old": null, "new": "Skrivaren p\u00e5 v\u00e5ning tv\u00e5 skriver ingenting"}, "description": {"old": null, "new": ""}, "service": {"old": null, "new": "printing"}, "category": {"old": null, "new": "incident"}, "impact": {"old": null, "new": "one"}, "urgency": {"old": null, "new": "hindered"}, "priority": {"old": null, "new": 3}, "language": {"old": null, "new": "sv"}, "because": {"old": null, "new": {"service": ["skrivaren"]}}, "contact_id": {"old": null, "new": 1}, "contact_name": {"old": null, "new": "Maria Lind"}, "caller_number": {"old": null, "new": "+46701740605"}, "call_id": {"old": null, "new": "1763000010.4"}, "statement": {"old": null, "new": "skrivaren p\u00e5 v\u00e5ning tv\u00e5 skriver ingenting"}, "words": {"old": null, "new": [{"text": "skrivaren", "confidence": 0.97, "start_s": 0.0, "end_s": 0.7}]}, "status": {"old": null, "new": "open"}}');
INSERT INTO "case_history" VALUES(4,'C-000003',1763000060000,'anna','edited','{"priority": {"old": 3, "new": 2}, "impact": {"old": "one", "new": "several"}}');
INSERT INTO "case_history" VALUES(5,'C-000003',1763000061000,'ivr','registered by another','{}');
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
INSERT INTO "cases" VALUES('C-000001','The label printer in hall B prints blank pages','','open','printing','incident','several','hindered',3,'en','{"service": ["printer"], "impact": ["we"], "urgency": ["by hand"]}',7,'Lars Öberg','+46701740612','','the label printer in hall b only prints blank pages so we write the labels by hand','[]',1763000000000,1763000000000);
INSERT INTO "cases" VALUES('C-000002','VPN kobler ned hvert tiende minutt','','open','network','incident','one','hindered',4,'nb','{"service": ["vpn"], "urgency": ["kobler ned"]}',10,'Ingunn Sørlie','+46701740613','','vpn kobler ned hvert tiende minutt når jeg jobber hjemmefra','[]',1763000000000,1763000000000);
INSERT INTO "cases" VALUES('C-000003','Skrivaren på våning två skriver ingenting','','open','printing','incident','several','hindered',2,'sv','{"service": ["skrivaren"]}',1,'Maria Lind','+46701740605','1763000010.4','skrivaren på våning två skriver ingenting','[{"text": "skrivaren", "confidence": 0.97, "start_s": 0.0, "end_s": 0.7}]',1763000020000,1763000061000);
CREATE TABLE contact_numbers (
	id INTEGER NOT NULL, 
	contact_id INTEGER NOT NULL, 
	e164 VARCHAR NOT NULL, 
	CONSTRAINT pk_contact_numbers PRIMARY KEY (id), 
	CONSTRAINT uq_contact_numbers_contact_id_e164 UNIQUE (contact_id, e164), 
	CONSTRAINT fk_contact_numbers_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id)
);
INSERT INTO "contact_numbers" VALUES(1,1,'+46701740605');
INSERT INTO "contact_numbers" VALUES(2,2,'+46701740606');
INSERT INTO "contact_numbers" VALUES(3,3,'+4781549300');
INSERT INTO "contact_numbers" VALUES(4,4,'+46701740610');
INSERT INTO "contact_numbers" VALUES(5,5,'+46701740610');
INSERT INTO "contact_numbers" VALUES(6,7,'+46701740612');
INSERT INTO "contact_numbers" VALUES(7,8,'+46701740607');
INSERT INTO "contact_numbers" VALUES(8,9,'+46701740608');
INSERT INTO "contact_numbers" VALUES(9,9,'+46313900623');
INSERT INTO "contact_numbers" VALUES(10,10,'+46701740613');
INSERT INTO "contact_numbers" VALUES(11,11,'+46701740614');
INSERT INTO "contact_numbers" VALUES(12,12,'+46701740609');
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
INSERT INTO "contacts" VALUES(1,'Maria Lind','4217','','4217@example.org','Finance','Stockholm','en',0);
INSERT INTO "contacts" VALUES(2,'Anna Berg','4218','','4218@example.org','Human Resources','Göteborg','sv',0);
INSERT INTO "contacts" VALUES(3,'Ola Hansen','5101','','5101@example.org','Sales','Oslo','nb',0);
INSERT INTO "contacts" VALUES(4,'Erik Sjöberg','4301','','4301@example.org','Warehouse','Malmö','sv',0);
INSERT INTO "contacts" VALUES(5,'Åsa Nyström','4302','','4302@example.org','Warehouse','Malmö','sv',0);
INSERT INTO "contacts" VALUES(6,'Karin Holm','4401','4401','4401@example.org','Reception','Stockholm','sv',0);
INSERT INTO "contacts" VALUES(7,'Lars Öberg','4230','','4230@example.org','Production','Västerås','en',0);
INSERT INTO "contacts" VALUES(8,'Helena Ström','4001','4001','4001@example.org','Management','Stockholm','en',1);
INSERT INTO "contacts" VALUES(9,'Johan Ekdahl','4233','4233','4233@example.org','Finance','Göteborg','en',0);
INSERT INTO "contacts" VALUES(10,'Ingunn Sørlie','5104','','5104@example.org','Logistics','Bergen','nb',0);
INSERT INTO "contacts" VALUES(11,'Bjørn Åsen','5110','5110','5110@example.org','Legal','Oslo','nb',0);
INSERT INTO "contacts" VALUES(12,'Mikael Kangas','4250','','4250@example.org','Development','Umeå','en',0);
CREATE TABLE counters (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('case',3);
CREATE TABLE sessions (
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	csrf VARCHAR NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (token_hash), 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "sessions" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',1763086400000);
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
INSERT INTO "users" VALUES(1,'anna','Anna Dahl','agent','en','$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$x');
INSERT INTO "users" VALUES(2,'bo','Bo Lindqvist','agent','sv','$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$x');
INSERT INTO "users" VALUES(3,'sofia','Sofia Ek','supervisor','en','$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$x');
INSERT INTO "users" VALUES(4,'admin','Ingrid Moen','admin','nb','$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$x');
CREATE INDEX ix_contacts_extension ON contacts (extension);
CREATE INDEX ix_contact_numbers_e164 ON contact_numbers (e164);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_sessions_expires_ms ON sessions (expires_ms);
CREATE INDEX ix_cases_contact_id ON cases (contact_id);
CREATE INDEX ix_cases_status_opened_ms ON cases (status, opened_ms);
CREATE INDEX ix_cases_call_id ON cases (call_id);
CREATE INDEX ix_case_history_case_number ON case_history (case_number);
CREATE INDEX ix_calls_started_ms ON calls (started_ms);
CREATE INDEX ix_calls_contact_id ON calls (contact_id);
CREATE INDEX ix_calls_case_number ON calls (case_number);
CREATE INDEX ix_calls_sip_call_id ON calls (sip_call_id);
CREATE INDEX ix_calls_number ON calls (number);
CREATE TRIGGER case_history_no_update BEFORE UPDATE ON case_history BEGIN SELECT RAISE(ABORT, 'case history is append-only'); END;
CREATE TRIGGER case_history_no_delete BEFORE DELETE ON case_history BEGIN SELECT RAISE(ABORT, 'case history is append-only'); END;
COMMIT;
