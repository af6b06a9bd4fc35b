"""Name lists for invented people: spelled as in registers, most frequent first in each list.

They were written down from general knowledge and name nobody. Frequencies are guesses (Zipf).
"""

SURNAMES = {
    "akan": """Kouassi Kouadio Kouamé Konan Koffi Yao Kouakou N'Guessan N'Dri Brou Kassi Amani Assi
        Aka Ehui Tanoh Ettien Anoh Adou Assamoi N'Cho Aké Boni Yapo Yapi Atta Adjé Ahoua Assouan
        Amon Allou Kacou Eba Ezan N'Zi N'Da N'Goran Kanga Allangba Agnimel Akpa Djaman Bilé Miézan
        Aboua Adiko Gnamien Attoungbré Bouadou Djè Ekra Essoh Kadjo Kanon Kodjo Loukou Mobio Niamké
        N'Takpé Ohouo Okou Orsot Seka Sékongo Tano Tiémélé Yéboua Anzan Abouo Achi Adingra Amoakon
        Assemien Bédié Bléhoué Diby Dongo Elloh Goli Kobenan Kossonou Kra Kouman Ouréga""",
    "mande": """Traoré Koné Coulibaly Ouattara Touré Diomandé Bamba Diabaté Fofana Sylla Doumbia
        Camara Keïta Sidibé Sangaré Diarrassouba Dosso Méité Bakayoko Cissé Konaté Fadiga Karamoko
        Sissoko Kanté Kouyaté Dembélé Diarra Samaké Ballo Berté Dagnogo Diakité Doumouya Gbané
        Kamagaté Karaboué Koïta Savané Soumahoro Sanogo Silué Soro Tuo Yéo Coulibali Sacko Cissoko
        Magassouba Touncara Niangadou Dramé Kaba Condé Kourouma Bérété Donzo Mara Oularé Tounkara
        Vakaba Fanny Binaté Cherif Timité Haïdara Sako Diané Kéwalé""",
    "kru": """Gnahoré Zadi Gohou Séri Digbeu Guédé Gbagbi Dago Dogbo Kipré Lago Zoko Bléou Goré
        Gnagne Tapé Zouzou Djédjé Gballou Okrou Tébi Wognin Doué Tia Gueu Gbongué Zéguéla Oulaï
        Monné Flan Goué Guéi Sahi Tiémoko Zahui Bahi Bogui Dakouri Gadji Gnéplé Kragbé Logbo Naki
        Ouraga Sery Toh Tozan Zabri Zié""",
    "sahel": """Ouédraogo Sawadogo Diallo Barry Sow Bah Ba Maïga Cissoko Kaboré Compaoré Zongo
        Tapsoba Nikiéma Ilboudo Zoungrana Kinda Konkobo Sankara Dicko Tall Ly Kane N'Diaye Diop Fall
        Guèye Seck Sarr Diouf Faye M'Baye Niang Sy Thiam Wane Issoufou Mahamadou Abdou Hamani Garba
        Moussa Harouna Idrissa Souley Boubacar Oumarou Touré Arzika Maman Chaïbou Ag_Mohamed
        Ould_Sidi Bagayoko Guindo Togola Kassogué Ongoïba Tembely""",
    "maghreb": """Alaoui El_Amrani Benjelloun Bennani El_Idrissi Tazi Berrada Chraïbi Filali
        El_Fassi Lahlou Bouzidi Benali El_Khattabi Ouazzani Bouazza Benkirane El_Mansouri Zerouali
        Aït_Ahmed Aït_Lahcen Oubella Amazigh_Naji El_Ghazi Hajji Slaoui Sebti Sqalli Kettani Jaïdi
        El_Malki Bouchta Boukhari Belhaj Benchekroun Bensouda Tahiri Daoudi Rachidi Hamdaoui
        El_Hassani El_Yacoubi Moutawakil Naciri Ouali Rahmouni Saadi Tounsi Yousfi Ziani Zouhair
        Mernissi Lamrani Kabbaj Jebbour Hilali Guessous Fikri Essaïdi Drissi Cherkaoui Bouhaddou
        Azouzi Abbadi Khalfi Ben_Brahim Ben_Salah Aït_Ouhamou El_Ouardi Louzi""",
}

GIVEN = {
    ("akan", "male"): """Kouassi Koffi Kouadio Yao Konan Kouakou Kouamé Amani Affoumou Anougba
        Kwadwo N'Goran Assoumou Ehouman Kablan Brou Attoumbré Allah Tanoh Eponon""",
    ("akan", "female"): """Akissi Adjoua Amenan Affoué Aya Ahou Amoin Ama Akoua Afia Adjo Bla Amlan
        N'Gbesso Mossia Tiéba Anzoumana Ebla Aholia Effoua""",
    ("muslim", "male"): """Mohamed Mamadou Ibrahim Moussa Abdoulaye Issa Souleymane Adama Ousmane
        Amadou Bakary Lassina Drissa Siaka Seydou Aboubacar Yacouba Youssouf Karim Salif Hamed
        Madou Vassiriki Brahima Lanciné Inza Oumar Daouda Harouna Idrissa Ismaël Cheick Sékou
        Abdramane Abdoul Bourahima Boubacar Hamidou Soumaïla Tidiane Modibo Mory Kassoum Sidiki
        Zoumana Losseni Mahamadou Nouhoum Sory Bangaly Ladji Ali Alassane Djibril Zakaria Yaya
        Moustapha Habib Ilias Tiémoko Nabil""",
    ("muslim", "female"): """Fatoumata Mariam Aminata Aïcha Awa Salimata Fanta Kadidiatou Djénéba
        Rokia Assétou Bintou Maïmouna Safiatou Ramatou Hawa Nafissatou Korotoum Matenin Mabintou
        Namizata Nassita Habibatou Zeinab Khadija Oumou Sita Sali Massandjé Tenin Adjaratou Alimata
        Founé Karidja Macoura Masséni Mawa Minata Nabintou Ramata Saran Sanata Tata Yassita Zénab
        Haby Halimatou Rahinatou Sakinatou""",
    ("maghreb", "male"): """Mohammed Ahmed Youssef Hamza Omar Mehdi Anas Ayoub Bilal Khalid Rachid
        Hassan Hicham Abdellah Abderrahim Abdelkader Said Mustapha Karim Amine Ilyas Reda Tarik
        Noureddine Jamal Driss Adil Zakaria Soufiane Othmane Ismaïl Yassine Marouane Badr Walid
        Abdelaziz Lahcen Brahim Jaouad Nabil""",
    ("maghreb", "female"): """Fatima Khadija Aïcha Salma Meryem Zineb Hajar Sara Imane Nadia Samira
        Hanane Latifa Naïma Rachida Houda Loubna Kaoutar Ikram Chaïmae Oumaïma Asmae Hind Ghita
        Soukaïna Rajae Najat Malika Karima Jamila Saïda Zahra Yasmine Hafsa Wafae Siham Rim Amal""",
    ("christian", "male"): """Jean Paul Emmanuel Serge Eric Franck Hervé Jacques Marc Luc Didier
        Alain Guy Michel Olivier Patrice Romaric Arsène Aristide Fulgence Gervais Jules Joël Landry
        Léon Mathieu Narcisse Pacôme Rodrigue Sylvain Thierry Ulrich Valentin Wilfried Yannick
        Junior Innocent Désiré Dieudonné Parfait""",
    ("christian", "female"): """Marie Grâce Esther Ruth Christelle Sandrine Carine Estelle Edwige
        Flore Georgette Hortense Inès Joséphine Laure Mireille Nathalie Odette Pélagie Prisca
        Rachelle Solange Thérèse Viviane Yvonne Angèle Brigitte Clarisse Delphine Elodie Félicité
        Honorine Irène Judith Léontine Monique Noëlle Pauline Rosine Sidonie""",
}

# Who bears a surname, and which given names go with it, with how much weight each.
PEOPLES = {
    "akan": (0.30, {"akan": 0.6, "christian": 0.4}),
    "mande": (0.28, {"muslim": 1.0}),
    "kru": (0.12, {"christian": 0.8, "akan": 0.2}),
    "sahel": (0.13, {"muslim": 1.0}),
    "maghreb": (0.17, {"maghreb": 1.0}),
}

TOWNS = {
    "west": """Abidjan Bouaké Daloa Korhogo Yamoussoukro San-Pédro Gagnoa Man Divo Anyama Abengourou
        Agboville Grand-Bassam Bondoukou Odienné Séguéla Soubré Ferkessédougou Dimbokro Issia
        Duékoué Guiglo Toumodi Adzopé Dabou Sinfra Bouaflé Katiola Tengréla Boundiali Touba
        Tiassalé Oumé Lakota Sassandra Tabou Aboisso Bongouanou Daoukro Vavoua Zuénoula Danané
        Bamako Sikasso Bobo-Dioulasso Ouagadougou Conakry Niamey Dakar Kayes""",
    "north": """Casablanca Rabat Fès Marrakech Tanger Agadir Meknès Oujda Kénitra Tétouan Safi
        Mohammedia Khouribga El_Jadida Béni_Mellal Nador Taza Settat Larache Ksar_El_Kébir Guelmim
        Berkane Laâyoune Dakhla Essaouira Ouarzazate Tiznit Al_Hoceïma Chefchaouen Errachidia""",
}

# The rare names: a beginning, perhaps a middle, and an end, as each of these peoples sounds.
SYLLABLES = {
    "akan": (
        "A Bo Ko Kou Yo N'Ga Eho Amo Asso Ta Ebou Oka",
        "ka ma la dji bou ne",
        "n mé ssi kro lé ni",
    ),
    "mande": (
        "Ba Fo Ka Sa Da Si Dou Ma Nan Sou Tié Ke",
        "ra ma ka li gou bé",
        "ko té ga ssou ni la",
    ),
    "kru": (
        "Gba Zo Go Dé Bi Gnon Kpa Lo Ou Sé",
        "bo gbé la ré zi",
        "ho dji pé ka ssé",
    ),
    "sahel": (
        "Sa Gou Ha Ya Tin Bou Ou Na Ma Zon",
        "ba na ré ga di",
        "go ré ma dou ou",
    ),
    "maghreb": (
        "Ba Ha Cha Ra Za Bou Ja Ma Sa Ta Kha",
        "l r ss mm b dd",
        "aoui ani oudi ari ouni ami",
    ),
}
